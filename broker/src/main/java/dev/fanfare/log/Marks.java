package dev.fanfare.log;

import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Store;
import java.util.function.BiConsumer;

/// How far a stored topic is. Written with every commit, so that nothing has to be counted when it is opened.
///
/// @param end the offset that its next message gets
/// @param oldest the lowest offset that is kept
/// @param bytes what the kept messages cost by [TopicLog#cost]
/// @param lastTimestamp of the newest message; −1 before the first
/// @param forgottenTimestamp of the newest message that was forgotten; −1 when none was
public record Marks(long end, long oldest, long bytes, long lastTimestamp, long forgottenTimestamp) {

    /// A topic without messages.
    public static final Marks NONE = new Marks(0, 0, 0, -1, -1);

    private static final int FORM = 1;

    /// Those of a topic whose own can't be read: its messages are counted.
    ///
    /// @param number the topic's in the store
    /// @param damaged told of offsets that can't be read either, from one up to another
    public static Marks counted(Store store, int number, BiConsumer<Long, Long> damaged) {
        return new StoredMessages(store, number, "", "", true, damaged).count();
    }

    /// As it is stored.
    public byte[] toBytes() {
        return new ByteWriter(48)
                .octet(FORM)
                .number(end)
                .number(oldest)
                .number(bytes)
                .number(lastTimestamp + 1)
                .number(forgottenTimestamp + 1)
                .toByteArray();
    }

    /// What [#toBytes] wrote.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    public static Marks of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("marks of a topic are of an unknown form");
        }
        return new Marks(in.number(), in.number(), in.number(), in.number() - 1, in.number() - 1);
    }
}
