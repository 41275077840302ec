package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One look through a log for messages for which there is a newer one of their key: what was never looked at says
/// which keys have one, then everything is read and what is left is written together. On a thread of its own; each
/// [Rewrite] is carried out by whoever commits.
///
/// ```
///  oldest ..... looked through before ..... from ..... new ..... to ..... visible
///  |<------------- 2. read and rewritten ------------------>|
///                                           |<- 1. keys --->|
/// ```
final class Compaction {

    /// So many keys are remembered at most: what comes behind the last of them is for the next time.
    private static final int KEYS_MAX = 200_000;

    private static final int OFFSET_AT = Integer.BYTES;

    private final Store store;
    private final int number;
    private final String topic;
    private final String epoch;
    private final Map<String, Long> newest = new HashMap<>();
    private final ByteWriter scratch = new ByteWriter(1 << 16);

    private long behind;
    private long left;
    private long leftBytes;

    /// @param number the topic's in the store
    Compaction(Store store, int number, String topic, String epoch) {
        this.store = store;
        this.number = number;
        this.topic = topic;
        this.epoch = epoch;
    }

    /// What the messages cost that were left for the next time.
    long behind() {
        return behind;
    }

    /// Looks for keys.
    ///
    /// @param over whether that is enough
    /// @return up to where that came
    long gather(long from, long to, BooleanSupplier over) {
        long reached = to;
        try (Store.Scan scan = scan(from, to)) {
            while (scan.next() && !over.getAsBoolean()) {
                for (Message message : messages(scan)) {
                    if (message.offset() < from || message.offset() >= to) {
                        continue;
                    }
                    if (newest.size() == KEYS_MAX && reached == to) {
                        reached = message.offset();
                    }
                    if (message.offset() >= reached) {
                        behind += TopicLog.cost(message);
                    } else if (message.key() != null) {
                        newest.put(message.key(), message.offset());
                    }
                }
            }
        }
        return reached;
    }

    /// Begins with the record that holds an offset, perhaps before it.
    private Store.Scan scan(long from, long to) {
        return store.scanFromFloor(Table.MESSAGES, Keys.of(number, 0L), Keys.of(number, from), Keys.of(number, to));
    }

    private List<Message> messages(Store.Scan scan) {
        return Records.read(scan.value(), topic, epoch, Keys.longAt(scan.key(), OFFSET_AT));
    }

    /// Goes through all messages and replaces what has some too many.
    ///
    /// @param rewritten carries each out; false: that is enough
    /// @param over whether that is enough
    /// @return what is left; null when it was enough before the end
    @Nullable
    Compacted rewrite(long from, long to, Predicate<Rewrite> rewritten, BooleanSupplier over) {
        Run run = new Run(from, to);
        try (Store.Scan scan = scan(from, to)) {
            while (scan.next()) {
                if (over.getAsBoolean()) {
                    return null;
                }
                if (run.isFull()) {
                    Rewrite rewrite = run.end(Keys.longAt(scan.key(), OFFSET_AT));
                    run = new Run(from, to);
                    if (rewrite != null && !rewritten.test(rewrite)) {
                        return null;
                    }
                }
                run.add(Keys.longAt(scan.key(), OFFSET_AT), messages(scan));
            }
        }
        Rewrite rewrite = run.end(to);
        if (rewrite != null && !rewritten.test(rewrite)) {
            return null;
        }
        return new Compacted(to, left, leftBytes);
    }

    private boolean isSuperseded(Message message) {
        Long latest = message.key() == null ? null : newest.get(message.key());
        return latest != null && latest > message.offset();
    }

    /// Records that follow each other, and what is left of them.
    private final class Run {
        private final List<Message> kept = new ArrayList<>();
        private final long from;
        private final long to;
        private long first = -1;
        private long end;
        private int records;
        private boolean superseded;
        private int size;

        Run(long from, long to) {
            this.from = from;
            this.to = to;
        }

        void add(long offset, List<Message> record) {
            if (first < 0) {
                first = offset;
            }
            records++;
            end = record.getLast().offset() + 1;
            for (Message message : record) {
                if (isSuperseded(message)) {
                    superseded = true;
                } else {
                    kept.add(message);
                    size += message.payload().storedSize() + 64;
                    count(message);
                }
            }
        }

        private void count(Message message) {
            if (message.offset() >= from && message.offset() < to) {
                left++;
                leftBytes += TopicLog.cost(message);
            }
        }

        boolean isFull() {
            return size >= DurableTopicLog.RECORD_BYTES || kept.size() >= DurableTopicLog.RECORD_MESSAGES;
        }

        /// @param next where the record behind it begins
        /// @return null when it can stay as it is
        @Nullable
        Rewrite end(long next) {
            if (!superseded && records < 2) {
                return null;
            }
            byte[] record = kept.isEmpty() ? null : Records.write(kept, scratch);
            long begin = kept.isEmpty() ? first : kept.getFirst().offset();
            // A record that goes on behind what is looked through is replaced as a whole.
            return new Rewrite(number, first, Math.max(next, end), begin, record);
        }
    }

    /// What is to be stored instead of the records from one offset up to another.
    ///
    /// @param number the topic's in the store
    /// @param first the offset of the first message of the record
    /// @param record null when nothing is left
    record Rewrite(int number, long from, long to, long first, byte @Nullable [] record) {

        void write(Store.Batch batch) {
            batch.deleteRange(Table.MESSAGES, Keys.of(number, from), Keys.of(number, to));
            if (record != null) {
                batch.put(Table.MESSAGES, Keys.of(number, first), record);
            }
        }
    }
}
