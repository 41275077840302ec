package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;

/// How far a log is that keeps only the newest message of each key. Written with its [Marks].
///
/// @param upTo below this offset no message is left for which there is a newer one of its key there
/// @param messages kept below
/// @param bytes what these cost by [TopicLog#cost]
public record Compacted(long upTo, long messages, long bytes) {

    /// A log that was never looked through.
    public static final Compacted NOTHING = new Compacted(0, 0, 0);

    private static final int FORM = 1;

    /// As it is stored.
    byte[] toBytes() {
        return new ByteWriter(32)
                .octet(FORM)
                .number(upTo)
                .number(messages)
                .number(bytes)
                .toByteArray();
    }

    /// What [#toBytes] wrote.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    public static Compacted of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("how far a topic is compacted is of an unknown form");
        }
        return new Compacted(in.number(), in.number(), in.number());
    }

    /// One of its messages was forgotten.
    Compacted without(Message message) {
        return new Compacted(upTo, Math.max(0, messages - 1), Math.max(0, bytes - TopicLog.cost(message)));
    }
}
