package dev.fanfare.server.session;

import dev.fanfare.Compression;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Request;
import java.time.Duration;

/// Makes of what a codec has read what a topic takes.
public final class Drafts {

    private Drafts() {}

    /// The message that a peer wants to be published.
    ///
    /// @param most how many bytes a compressed payload may stand for
    /// @throws FanfareException `TOO_LARGE` when it stands for more; `BAD_REQUEST` when it is not what it says
    public static Message of(Request.Publish request, int most) {
        Message draft =
                Message.of(request.id(), request.type(), request.key(), request.headers(), payload(request, most));
        if (request.replyTo() != null || request.correlationId() != null) {
            draft = draft.withReply(request.replyTo(), request.correlationId());
        }
        if (request.durability() != null) {
            draft = draft.withDurability(durability(request));
        }
        Request.Timing timing = request.timing();
        return timing == null ? draft : timed(draft, timing);
    }

    private static Payload payload(Request.Publish request, int most) {
        Request.Encoding encoding = request.encoding();
        if (encoding == null) {
            return Payload.validatedJson(request.payload());
        }
        Payload payload = encoding.name().equals("base64")
                ? Payload.wrap(encoding.bytes(), encoding.contentType())
                : expanded(encoding, most);
        if (encoding.contentType().equals(Payload.JSON) && !payload.isJson(JsonScanner::wellFormed)) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "message.payload stands for something that is not JSON; say in message.content_type what it is");
        }
        return payload;
    }

    private static Payload expanded(Request.Encoding encoding, int most) {
        Compression how = Compression.named(encoding.name())
                .orElseThrow(() -> new FanfareException(
                        ErrorCode.BAD_REQUEST,
                        "this server has no " + encoding.name() + " for message.encoding; use gzip"));
        try {
            return Payload.ofCompressed(encoding.bytes(), encoding.contentType(), how, most);
        } catch (FanfareException refused) {
            String setting = refused.code() == ErrorCode.TOO_LARGE ? " (setting max-message-size)" : "";
            throw new FanfareException(
                    refused.code(), "message.payload: " + refused.getMessage() + setting, refused.limit());
        }
    }

    /// How safe a peer wants its message to be, at least.
    static Durability durability(Request.Publish request) {
        String asked = request.durability();
        return asked == null ? Durability.MEMORY : Durability.of(asked);
    }

    private static Message timed(Message draft, Request.Timing timing) {
        Message timed = timing.ttlMillis() > 0 ? draft.withTtl(Duration.ofMillis(timing.ttlMillis())) : draft;
        if (timing.deliverAt() != null) {
            return timed.withDeliverAt(timing.deliverAt());
        }
        return timing.delayMillis() > 0 ? timed.withDelay(Duration.ofMillis(timing.delayMillis())) : timed;
    }

    /// Where a message of a transaction has its place.
    public static Codec.Placed placed(PublishResult result) {
        if (result instanceof PublishResult.Accepted accepted) {
            return new Codec.Placed(
                    accepted.messageId(),
                    accepted.epoch(),
                    accepted.offset(),
                    accepted.durability().label());
        }
        throw new IllegalStateException("a message of a transaction has its place at once: " + result);
    }
}
