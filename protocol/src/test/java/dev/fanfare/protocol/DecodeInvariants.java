package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.Malformed;
import dev.fanfare.protocol.Request.Ping;
import dev.fanfare.protocol.Request.Publish;
import dev.fanfare.protocol.Request.Subscribe;
import dev.fanfare.protocol.Request.Unsubscribe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What holds for every text a peer may send: it is answered, and whatever is written about it is JSON.
final class DecodeInvariants {

    private static final int MESSAGE_MAX = 1_000;

    private final Codec[] codecs = {
        new StandardCodec(StandardCodec.MessageIds.UUID, 64),
        new StandardCodec(StandardCodec.MessageIds.ANY, 8),
        new FlatCodec(64)
    };
    private final JsonBytes out = new JsonBytes();

    /// Checks a text in all dialects.
    ///
    /// @return whether one of them understood it
    boolean check(byte[] text) {
        boolean understood = false;
        for (Codec codec : codecs) {
            Request request = codec.decode(text, 0, text.length);
            if (Utf8.wellFormed(text, 0, text.length)) {
                check(codec, request, text);
            }
            understood |= !(request instanceof Malformed);
        }
        return understood;
    }

    private void check(Codec codec, Request request, byte[] text) {
        out.reset();
        switch (request) {
            case Publish publish -> {
                assertThat(JsonScanner.wellFormed(publish.payload())).isTrue();
                event(codec, publish);
                isJson(text);
                out.reset();
                codec.published(out, publish, 0, "made", "e", 7, "written", 3);
                if (codec instanceof StandardCodec) {
                    isJson(text);
                    out.reset();
                    codec.scheduled(out, publish, 0, "made", "e", 7, "memory");
                    isJson(text);
                    out.reset();
                    codec.published(out, publish, 0, "made", "", -1, "memory", 0);
                }
            }
            case Request.Ask ask -> {
                check(codec, ask.message(), text);
                out.reset();
                codec.replyBegin(out, ask.requestId(), "made");
                out.put(ask.message().payload());
                codec.eventMiddle(out, "made", Codec.Extras.NONE);
                codec.replyEnd(out, 0);
            }
            case Subscribe subscribe -> {
                assertThat(orElse(subscribe.filter(), "x")).isNotBlank().hasSizeLessThanOrEqualTo(2 * 4_096);
                assertThat(subscribe.types()).hasSizeLessThanOrEqualTo(100).doesNotContain("");
                codec.subscribed(out, subscribe, 0, "e", 7, true);
            }
            case Unsubscribe unsubscribe -> codec.unsubscribed(out, unsubscribe, 0);
            case Request.Ack(var requestId, var which) -> settled(codec, requestId, which);
            case Request.Nack nack -> settled(codec, nack.requestId(), nack.which());
            case Request.Transaction transaction -> transacted(codec, transaction, text);
            case Request.Auth auth -> {
                assertThat(auth.apiKey() == null).isNotEqualTo(auth.token() == null);
                codec.authenticated(out, auth.requestId(), 0);
            }
            case Ping ping -> codec.pong(out, ping.requestId(), 0);
            case Malformed malformed -> {
                assertThat(malformed.error().message()).isNotEmpty().hasSizeLessThan(MESSAGE_MAX);
                codec.error(out, malformed.requestId(), malformed.error(), 0);
            }
        }
        isJson(text);
    }

    private void transacted(Codec codec, Request.Transaction transaction, byte[] text) {
        assertThat(transaction.publishes().size() + transaction.acks().size()).isPositive();
        transaction.acks().forEach(which -> {
            out.reset();
            settled(codec, "r", which);
        });
        List<Codec.Placed> placed = new ArrayList<>();
        for (Publish publish : transaction.publishes()) {
            assertThat(publish.noAck()).isFalse();
            assertThat(publish.requestId()).isNull();
            check(codec, publish, text);
            placed.add(new Codec.Placed("made", "e", 7, "memory"));
        }
        out.reset();
        codec.transacted(out, transaction, 0, placed);
    }

    private void settled(Codec codec, @Nullable String requestId, Request.Deliveries which) {
        assertThat(which.offsets()).isNotEmpty().hasSizeLessThanOrEqualTo(10_000);
        assertThat(Arrays.stream(which.offsets()).min().orElseThrow()).isNotNegative();
        codec.settled(out, orElse(requestId, "none"), which.topic(), 0);
    }

    private void event(Codec codec, Publish publish) {
        String id = orElse(publish.id(), "made");
        codec.eventBegin(out, publish.topic(), id);
        out.put(publish.payload());
        Request.Timing timing = publish.timing();
        codec.eventMiddle(
                out,
                id,
                new Codec.Extras(
                        publish.type(),
                        publish.key(),
                        publish.headers(),
                        publish.replyTo(),
                        publish.correlationId(),
                        timing == null ? 0 : timing.ttlMillis(),
                        publish.encoding() == null ? null : publish.encoding().name(),
                        publish.encoding() == null ? null : publish.encoding().contentType()));
        codec.eventTail(out, 0, "e", 7);
    }

    private static String orElse(@Nullable String text, String other) {
        return text == null ? other : text;
    }

    private void isJson(byte[] text) {
        byte[] written = Arrays.copyOf(out.array(), out.length());
        if (!JsonScanner.wellFormed(written)) {
            assertThat(new String(text, UTF_8)).as("answered by %s", out).isEqualTo("answered in JSON");
        }
    }
}
