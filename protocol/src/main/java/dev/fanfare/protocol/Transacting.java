package dev.fanfare.protocol;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a transaction: messages that are written as in `publish`, and deliveries that are written as in `ack`. What is
/// wrong with one of them is told with its place, such as `publish[3]`. Belongs to one thread.
final class Transacting {

    /// The most messages.
    static final int PUBLISHES_MAX = 1_000;

    /// The most deliveries, however they are distributed.
    static final int ACKS_MAX = 10_000;

    private final StandardCodec one;

    /// @param one reads the parts
    Transacting(StandardCodec one) {
        this.one = one;
    }

    Request read(Envelope envelope, @Nullable String requestId) {
        if (envelope.has(Field.NO_ACK)) {
            throw new Envelope.Fault("no_ack is for publish; a transaction is always answered");
        }
        List<Request.Publish> publishes = new ArrayList<>();
        if (envelope.has(Field.PUBLISH)) {
            envelope.elements(
                    Field.PUBLISH,
                    PUBLISHES_MAX,
                    (text, from, to) -> publishes.add(publish(publishes.size(), text, from, to)));
        }
        List<Request.Deliveries> acks = new ArrayList<>();
        if (envelope.has(Field.ACK)) {
            long[] count = new long[1];
            envelope.elements(Field.ACK, ACKS_MAX, (text, from, to) -> {
                Request.Deliveries some = deliveries(acks.size(), text, from, to);
                count[0] += some.offsets().length;
                if (count[0] > ACKS_MAX) {
                    throw new Envelope.Fault("ack must have at most " + ACKS_MAX + " offsets in all");
                }
                acks.add(some);
            });
        }
        if (publishes.isEmpty() && acks.isEmpty()) {
            throw new Envelope.Fault("a transaction needs publish or ack, or both");
        }
        return new Request.Transaction(requestId, List.copyOf(publishes), List.copyOf(acks));
    }

    private Request.Publish publish(int index, byte[] text, int from, int to) {
        try {
            return one.onePublish(text, from, to);
        } catch (Envelope.Fault fault) {
            throw at("publish", index, fault);
        }
    }

    private Request.Deliveries deliveries(int index, byte[] text, int from, int to) {
        try {
            return one.someDeliveries(text, from, to);
        } catch (Envelope.Fault fault) {
            throw at("ack", index, fault);
        }
    }

    private static Envelope.Fault at(String field, int index, Envelope.Fault fault) {
        return new Envelope.Fault(field + "[" + index + "]: " + fault.getMessage());
    }
}
