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
import java.util.function.Consumer;
import java.util.function.LongSupplier;
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

    private final LongSupplier oldest;
    private final Consumer<Runnable> turn;

    /// Where messages began to become visible meanwhile, and up to where it looks for keys.
    private long upTo;

    private long reached;

    // What there is, as far as it was counted: in the section.
    private long counted;
    private long left;
    private long leftBytes;
    private long behind;
    private long since;

    /// @param number the topic's in the store
    /// @param oldest the oldest message there is; what is below was forgotten meanwhile
    /// @param turn runs something in the topic's section
    Compaction(Store store, int number, String topic, String epoch, LongSupplier oldest, Consumer<Runnable> turn) {
        this.store = store;
        this.number = number;
        this.topic = topic;
        this.epoch = epoch;
        this.oldest = oldest;
        this.turn = turn;
    }

    /// In the section: what becomes visible from now on is left for the next time.
    void begin(long visible) {
        upTo = visible;
    }

    /// In the section: messages became visible.
    void revealed(long cost) {
        since += cost;
    }

    /// In the section: a message was forgotten.
    void forgot(Message message) {
        if (message.offset() >= upTo) {
            since -= TopicLog.cost(message);
        } else if (message.offset() < counted) {
            count(message, -1);
        }
    }

    /// In the section: all there was so far was forgotten.
    void forgotAll() {
        left = 0;
        leftBytes = 0;
        behind = 0;
        since = 0;
    }

    /// @param sign 1 when it is there, -1 when it is not any more
    private void count(Message message, int sign) {
        long cost = sign * TopicLog.cost(message);
        if (message.offset() >= reached) {
            behind += cost;
        } else if (!isSuperseded(message)) {
            left += sign;
            leftBytes += cost;
        }
    }

    /// Counts messages that were just read. They may have been forgotten since.
    private void count(List<Message> messages, long from) {
        turn.accept(() -> {
            for (Message message : messages) {
                if (message.offset() >= Math.max(from, oldest.getAsLong()) && message.offset() < upTo) {
                    count(message, 1);
                }
            }
            counted = Math.max(counted, messages.getLast().offset() + 1);
        });
    }

    /// What is left of what was looked through.
    Compacted left() {
        return new Compacted(reached, left, leftBytes);
    }

    /// What all messages cost there are.
    long bytes() {
        return leftBytes + behind + since;
    }

    /// Looks for keys.
    ///
    /// @param clean below this it has looked before
    /// @param over whether that is enough
    void gather(long clean, BooleanSupplier over) {
        long from = Math.max(oldest.getAsLong(), clean);
        reached = upTo;
        try (Store.Scan scan = scan(from, upTo)) {
            while (reached == upTo && scan.next() && !over.getAsBoolean()) {
                for (Message message : messages(scan)) {
                    if (message.offset() >= from && message.offset() < reached && message.key() != null) {
                        if (newest.size() == KEYS_MAX) {
                            reached = message.offset();
                            break;
                        }
                        newest.put(message.key(), message.offset());
                    }
                }
            }
        }
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
    /// @return false when it was enough before the end
    boolean rewrite(Predicate<Rewrite> rewritten, BooleanSupplier over) {
        Run run = new Run();
        try (Store.Scan scan = scan(oldest.getAsLong(), reached)) {
            while (scan.next()) {
                if (over.getAsBoolean()) {
                    return false;
                }
                if (run.isFull()) {
                    Rewrite rewrite = run.end(Keys.longAt(scan.key(), OFFSET_AT));
                    run = new Run();
                    if (rewrite != null && !rewritten.test(rewrite)) {
                        return false;
                    }
                }
                run.add(Keys.longAt(scan.key(), OFFSET_AT), messages(scan));
            }
        }
        Rewrite rewrite = run.end(reached);
        return rewrite == null || rewritten.test(rewrite);
    }

    /// Counts what is left for the next time.
    ///
    /// @param over whether that is enough
    /// @return false when it was enough before the end
    boolean count(BooleanSupplier over) {
        // What lies in the record that was looked through in part has been counted.
        long from = Math.max(reached, counted);
        if (from >= upTo) {
            return true;
        }
        try (Store.Scan scan = scan(from, upTo)) {
            while (scan.next()) {
                if (over.getAsBoolean()) {
                    return false;
                }
                count(messages(scan), from);
            }
        }
        return true;
    }

    private boolean isSuperseded(Message message) {
        Long latest = message.key() == null ? null : newest.get(message.key());
        return latest != null && latest > message.offset();
    }

    /// Records that follow each other, and what is left of them.
    private final class Run {
        private final List<Message> kept = new ArrayList<>();
        private long first = -1;
        private long end;
        private int records;
        private boolean superseded;
        private int size;

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
                }
            }
            count(record, 0);
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
