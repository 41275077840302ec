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

/// The encodings in which events leave this server: each dialect, plain and compressed. One of each for the
/// server's whole life, so that all its subscribers share the bytes.
public final class WireKinds {

    private final Events standardEvents;
    private final WireKind standard;
    private final WireKind standardDeflated;
    private final WireKind flat;
    private final WireKind flatDeflated;

    /// The encodings of a server.
    public WireKinds(ServerConfig config, Timers timers) {
        Codec standardCodec = new StandardCodec(StandardCodec.MessageIds.ANY, JsonScanner.DEPTH_MAX);
        Codec flatCodec = new FlatCodec(JsonScanner.DEPTH_MAX);
        DeliveryStrategy batched = DeliveryStrategy.batched(
                config.flat().batchSize(), config.flat().batchLinger());
        standardEvents = new Events(standardCodec, false);
        standard = new WireKind(standardEvents, DeliveryStrategy.immediate(), timers);
        standardDeflated = new WireKind(new Events(standardCodec, true), DeliveryStrategy.immediate(), timers);
        flat = new WireKind(new Events(flatCodec, false), batched, timers);
        flatDeflated = new WireKind(new Events(flatCodec, true), batched, timers);
    }

    /// Writes a stored message as an event of the standard dialect, without a frame around it. Any thread.
    public void event(JsonBytes out, Message stored) {
        standardEvents.head(out, stored.topic(), stored);
        standardEvents.tail(out, stored);
    }

    /// Writes a message from its payload on, in the standard dialect.
    void body(JsonBytes out, Message message) {
        standardEvents.body(out, message);
    }

    WireKind of(Dialect dialect, boolean deflated) {
        return switch (dialect) {
            case STANDARD -> deflated ? standardDeflated : standard;
            case FLAT -> deflated ? flatDeflated : flat;
        };
    }

    /// Writes events with a codec; of the codec only what keeps no state is used, so any thread may.
    private record Events(Codec codec, boolean compressed) implements EventEncoding {

        @Override
        public void head(JsonBytes out, String topic, Message draft) {
            codec.eventBegin(out, topic, draft.id());
            body(out, draft);
        }

        /// A message from its payload on.
        void body(JsonBytes out, Message draft) {
            Payload payload = draft.payload();
            boolean base64 = false;
            if (payload.isJson(JsonScanner::wellFormed)) {
                int at = out.claim(payload.size()); // first, since it may replace the array
                payload.copyTo(out.array(), at);
            } else {
                byte[] bytes = payload.toByteArray();
                base64 = !PayloadValue.isText(payload, bytes);
                if (base64) {
                    out.base64(bytes);
                } else {
                    out.string(payload.text());
                }
            }
            codec.eventMiddle(out, draft.id(), extras(draft, base64));
        }

        private static Codec.Extras extras(Message draft, boolean base64) {
            boolean plain = !base64
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
                            base64 ? draft.payload().contentType() : null);
        }

        @Override
        public void tail(JsonBytes out, Message stored) {
            codec.eventTail(out, stored.timestampMillis(), stored.epoch(), stored.offset());
        }
    }
}
