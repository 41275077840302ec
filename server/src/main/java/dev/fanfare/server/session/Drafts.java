package dev.fanfare.server.session;

import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.protocol.Request;
import java.time.Duration;

/// Makes of what a codec has read what a topic takes.
public final class Drafts {

    private Drafts() {}

    /// The message that a peer wants to be published.
    public static Message of(Request.Publish request) {
        Message draft = Message.of(
                request.id(),
                request.type(),
                request.key(),
                request.headers(),
                Payload.validatedJson(request.payload()));
        if (request.replyTo() != null || request.correlationId() != null) {
            draft = draft.withReply(request.replyTo(), request.correlationId());
        }
        if (request.durability() != null) {
            draft = draft.withDurability(durability(request));
        }
        Request.Timing timing = request.timing();
        return timing == null ? draft : timed(draft, timing);
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
}
