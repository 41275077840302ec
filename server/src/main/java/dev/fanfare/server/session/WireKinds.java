package dev.fanfare.server.session;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.FlatCodec;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.feed.EventEncoding;
import dev.fanfare.server.feed.WireKind;
import dev.fanfare.server.filter.PayloadValue;
import dev.fanfare.time.Timers;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The encodings in which events leave this server: each dialect, plain and compressed. One of each for the
/// server's whole life, so that all its subscribers share the bytes.
public final class WireKinds {

    private final Timers timers;
    private final Codec standardCodec = new StandardCodec(StandardCodec.MessageIds.ANY, JsonScanner.DEPTH_MAX);
    private final WireKind flat;
    private final WireKind flatDeflated;

    /// Of the standard dialect, by the encodings in which payloads may stay as they were published.
    private final Map<Set<String>, Standard> standard = new ConcurrentHashMap<>();

    /// The same where frames are compressed.
    private final Map<Set<String>, Standard> standardDeflated = new ConcurrentHashMap<>();

    private final Standard plain;

    private record Standard(Events events, WireKind kind) {}

    /// The encodings of a server.
    ///
    /// @param config what the server runs with now
    public WireKinds(Supplier<ServerConfig> config, Timers timers) {
        this.timers = timers;
        Codec flatCodec = new FlatCodec(JsonScanner.DEPTH_MAX);
        Supplier<DeliveryStrategy> batched = () -> config.get().flat().delivery();
        flat = new WireKind(new Events(flatCodec, Set.of(), false), batched, timers);
        flatDeflated = new WireKind(new Events(flatCodec, Set.of(), true), batched, timers);
        plain = standard(Set.of(), false);
    }

    /// One for each of a handful of things that can be asked for.
    private Standard standard(Set<String> payloads, boolean deflated) {
        return (deflated ? standardDeflated : standard).computeIfAbsent(payloads, asked -> {
            Events events = new Events(standardCodec, asked, deflated);
            return new Standard(events, new WireKind(events, DeliveryStrategy::immediate, timers));
        });
    }

    /// The server goes on with another configuration: who gathers looks again how long. Any thread.
    public void reconfigured() {
        flat.wake();
        flatDeflated.wake();
    }

    /// Writes a stored message as an event of the standard dialect, without a frame around it. Any thread.
    public void event(JsonBytes out, Message stored) {
        plain.events.write(out, stored);
    }

    /// What writes such events: always the same object for the same encodings.
    ///
    /// @param payloads in what payloads may stay compressed
    BiConsumer<JsonBytes, Message> events(Set<String> payloads) {
        return standard(payloads, false).events.writer;
    }

    /// Writes a message from its payload on, in the standard dialect.
    void body(JsonBytes out, Message message) {
        plain.events.body(out, message);
    }

    /// Writes the members of a reply to a request, without braces around them. Any thread.
    public void reply(JsonBytes out, Message reply) {
        out.raw("\"message\":{\"id\":").string(reply.id()).raw(",\"payload\":");
        body(out, reply);
        out.raw(",\"ts\":").timestamp(reply.timestampMillis());
    }

    WireKind of(Dialect dialect, boolean deflated) {
        return switch (dialect) {
            case STANDARD -> standard(Set.of(), deflated).kind;
            case FLAT -> deflated ? flatDeflated : flat;
        };
    }

    /// The same as a kind of the standard dialect for who takes compressed payloads.
    WireKind of(WireKind known, Set<String> payloads) {
        return payloads.isEmpty() ? known : standard(payloads, known == of(Dialect.STANDARD, true)).kind;
    }

    /// Writes events with a codec; of the codec only what keeps no state is used, so any thread may.
    private static final class Events implements EventEncoding {

        private final Codec codec;
        private final Set<String> payloads;
        private final boolean compressed;
        private final BiConsumer<JsonBytes, Message> writer = this::write;

        /// @param payloads in what payloads may stay compressed
        /// @param compressed whether frames are
        Events(Codec codec, Set<String> payloads, boolean compressed) {
            this.codec = codec;
            this.payloads = payloads;
            this.compressed = compressed;
        }

        @Override
        public boolean compressed() {
            return compressed;
        }

        void write(JsonBytes out, Message stored) {
            head(out, stored.topic(), stored);
            tail(out, stored);
        }

        @Override
        public void head(JsonBytes out, String topic, Message draft) {
            codec.eventBegin(out, topic, draft.id());
            body(out, draft);
        }

        /// A message from its payload on.
        void body(JsonBytes out, Message draft) {
            Payload payload = draft.payload();
            boolean json = payload.isJson(JsonScanner::wellFormed);
            String encoding = payload.encoding().filter(payloads::contains).orElse(null);
            if (encoding != null && (json || !payload.contentType().equals(Payload.JSON))) {
                out.base64(payload.encoded(encoding).orElseThrow());
            } else if (json) {
                encoding = null;
                int at = out.claim(payload.size()); // first, since it may replace the array
                payload.copyTo(out.array(), at);
            } else {
                byte[] bytes = payload.toByteArray();
                encoding = PayloadValue.isText(payload, bytes) ? null : "base64";
                if (encoding == null) {
                    out.string(payload.text());
                } else {
                    out.base64(bytes);
                }
            }
            codec.eventMiddle(out, draft.id(), extras(draft, encoding, json));
        }

        private static Codec.Extras extras(Message draft, @Nullable String encoding, boolean json) {
            boolean plain = encoding == null
                    && draft.type() == null
                    && draft.key() == null
                    && draft.headers().isEmpty()
                    && draft.replyTo() == null
                    && draft.correlationId() == null
                    && draft.ttlMillis() == 0;
            return plain
                    ? Codec.Extras.NONE
                    : new Codec.Extras(
                            draft.type(),
                            draft.key(),
                            draft.headers(),
                            draft.replyTo(),
                            draft.correlationId(),
                            draft.ttlMillis(),
                            encoding,
                            encoding == null || json ? null : draft.payload().contentType());
        }

        @Override
        public void tail(JsonBytes out, Message stored) {
            codec.eventTail(out, stored.timestampMillis(), stored.epoch(), stored.offset());
        }
    }
}
