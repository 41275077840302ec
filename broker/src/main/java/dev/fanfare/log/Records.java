package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// How messages of a topic that follow each other are stored together.
///
/// ```
/// form (1) | count | timestamp of the first | { timestamp − the one before | offset − the one before − 1 |
/// message } …
/// ```
///
/// The offset of the first one is in the key. Only where messages were taken out for newer ones of their key do
/// offsets not follow each other.
public final class Records {

    private static final int FORM = 1;

    /// No record holds more messages.
    private static final int COUNT_MAX = 1 << 20;

    private Records() {}

    /// Writes at least one message.
    static byte[] write(List<Message> messages, ByteWriter out) {
        Message first = messages.getFirst();
        long timestamp = first.timestampMillis();
        long offset = first.offset() - 1;
        out.clear().octet(FORM).number(messages.size()).number(timestamp);
        for (Message message : messages) {
            out.number(message.timestampMillis() - timestamp).number(message.offset() - offset - 1);
            timestamp = message.timestampMillis();
            offset = message.offset();
            message.writeTo(out);
        }
        return out.toByteArray();
    }

    /// The messages of a record.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is none
    public static List<Message> read(byte[] record, String topic, String epoch, long firstOffset) {
        List<Message> messages = new ArrayList<>();
        read(record, topic, epoch, firstOffset, firstOffset, messages::add);
        return messages;
    }

    /// Reads a record's messages from an offset on, as long as they are taken. What is not wanted is not made.
    ///
    /// @param takes whether it wants the one after that, too
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is none, as far as it was read
    static void read(byte[] record, String topic, String epoch, long firstOffset, long from, Predicate<Message> takes) {
        ByteReader in = new ByteReader(record);
        int count = begin(in);
        long timestamp = in.number();
        long offset = firstOffset - 1;
        for (int i = 0; i < count; i++) {
            timestamp += in.number();
            offset += in.number() + 1;
            if (offset < from) {
                Message.skip(in);
            } else if (!takes.test(Message.readFrom(in, topic, epoch, offset, timestamp))) {
                return;
            }
        }
    }

    /// The timestamp of a record's first message.
    static long firstTimestamp(byte[] record) {
        ByteReader in = new ByteReader(record);
        begin(in);
        return in.number();
    }

    private static int begin(ByteReader in) {
        int form = in.octet();
        if (form != FORM) {
            throw in.corrupt("a record of form " + form + " is unknown:");
        }
        return in.number(COUNT_MAX);
    }
}
