package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;

/// How a message is stored that waits for its time.
///
/// @param due when it gets its place, in milliseconds since 1970
/// @param seenAt from when on its id is recognised
record DelayedForm(long due, long seenAt, Message message) {

    private static final int FORM = 1;

    static DelayedForm of(byte[] stored, LiveTopic topic) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("a delayed message of topic '" + topic.name() + "' is of an unknown form");
        }
        return new DelayedForm(in.number(), in.number(), Message.readFrom(in, "", "", -1, 0));
    }

    /// Puts it where it is found again.
    ///
    /// @param topic number of its topic
    /// @param number its own
    void store(Store.Batch batch, int topic, long number) {
        ByteWriter out = new ByteWriter(64 + message.payload().storedSize())
                .octet(FORM)
                .number(due)
                .number(seenAt);
        message.writeTo(out);
        batch.put(Table.DELAYED, Keys.of(topic, number), out.toByteArray());
    }
}
