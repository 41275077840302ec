package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Reads the messages of one topic from a store. Any thread, none that must not block.
///
/// What can't be read is passed over: whoever reads finds the next readable message, and the one who is told of
/// damage hears from which offset to which.
final class StoredMessages {

    private static final int OFFSET_AT = Integer.BYTES;

    private final Store store;
    private final int number;
    private final String topic;
    private final String epoch;
    private final boolean holes;
    private final BiConsumer<Long, Long> damaged;

    /// @param number the topic's in the store
    /// @param holes whether offsets may be missing between two messages
    /// @param damaged told of offsets that can't be read, from one up to another
    StoredMessages(Store store, int number, String topic, String epoch, boolean holes, BiConsumer<Long, Long> damaged) {
        this.store = store;
        this.number = number;
        this.topic = topic;
        this.epoch = epoch;
        this.holes = holes;
        this.damaged = damaged;
    }

    /// Messages from the first one stored at or after `from` on, without a gap unless there may be holes.
    ///
    /// @param to the offset before which they end
    List<Message> read(long from, long to, int maxMessages, int maxBytes) {
        Slice slice = new Slice(from, to, maxMessages, maxBytes);
        try {
            read(slice, from, to);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            if (slice.messages.isEmpty()) {
                return passDamage(from, to, maxMessages, maxBytes);
            }
        }
        return slice.messages;
    }

    /// In one scan: records may be put together meanwhile, and what lay in two lies in the first of them then.
    private void read(Slice slice, long from, long to) {
        try (Store.Scan scan =
                store.scanFromFloor(Table.MESSAGES, Keys.of(number, 0L), Keys.of(number, from), Keys.of(number, to))) {
            while (!slice.full && scan.next()) {
                slice.add(scan.key(), scan.value());
            }
        }
    }

    /// What is gathered for a reader.
    private final class Slice {
        final List<Message> messages = new ArrayList<>();
        private final long from;
        private final long to;
        private final int maxMessages;
        private final int maxBytes;
        private long size;
        private boolean full;

        Slice(long from, long to, int maxMessages, int maxBytes) {
            this.from = from;
            this.to = to;
            this.maxMessages = maxMessages;
            this.maxBytes = maxBytes;
        }

        void add(byte[] key, byte[] record) {
            Records.read(record, topic, epoch, Keys.longAt(key, OFFSET_AT), from, this::take);
        }

        private boolean take(Message message) {
            size += message.payload().size();
            boolean gap = !holes
                    && !messages.isEmpty()
                    && message.offset() != messages.getLast().offset() + 1;
            full = message.offset() >= to || gap || size > maxBytes && !messages.isEmpty();
            if (!full) {
                messages.add(message);
                full = messages.size() == maxMessages;
            }
            return !full;
        }
    }

    private List<Message> passDamage(long from, long to, int maxMessages, int maxBytes) {
        long good = pass(from, to);
        damaged.accept(from, good);
        return good >= to ? List.of() : read(good, to, maxMessages, maxBytes);
    }

    /// The offset of the next record that can be read, `to` when there is none: first by steps that double, then by
    /// halving the last of them. A record between two that can't be read may be overlooked when it lies within
    /// the last step.
    ///
    /// @param from what is there can't be read
    private long pass(long from, long to) {
        long bad = from;
        long high = to;
        long good = to;
        for (long step = 1; bad < to; step *= 2) {
            long candidate = step < to - bad ? bad + step : to;
            Long found = readable(candidate, to);
            if (found != null) {
                high = candidate;
                good = found;
                break;
            }
            bad = candidate;
        }
        long low = bad + 1;
        while (low < high) {
            long middle = (low + high) >>> 1;
            Long found = readable(middle, to);
            if (found == null) {
                low = middle + 1;
            } else {
                high = middle;
                good = found;
            }
        }
        return good;
    }

    /// The first offset stored at or after `from`, `to` when there is none; null when that can't be read.
    private @Nullable Long readable(long from, long to) {
        if (from >= to) {
            return to;
        }
        try (Store.Scan scan = store.scan(Table.MESSAGES, Keys.of(number, from), Keys.of(number, to))) {
            if (!scan.next()) {
                return to;
            }
            long first = Keys.longAt(scan.key(), OFFSET_AT);
            Records.read(scan.value(), topic, epoch, first);
            return first;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.CORRUPT) {
                return null;
            }
            throw e;
        }
    }

    /// The first offset at or after `low` whose message is not older, `high` when all are. What can't be read is
    /// taken for as old as what comes next: whoever begins there is told of it.
    long firstAt(long timestampMillis, long low, long high) {
        long from = low;
        long to = high;
        // Among records: the last one that begins before that time holds it, or the next one begins with it.
        while (from < to) {
            long middle = (from + to) >>> 1;
            Beginning beginning = beginning(low, middle, high);
            if (beginning.timestamp < timestampMillis) {
                from = Math.max(middle, beginning.offset) + 1;
            } else {
                to = Math.min(middle, beginning.offset);
            }
        }
        for (Message message : from == 0 ? List.<Message>of() : recordAt(from - 1)) {
            if (message.offset() >= low && message.timestampMillis() >= timestampMillis) {
                return Math.min(message.offset(), high);
            }
        }
        return from;
    }

    /// Where a record begins, and when.
    private record Beginning(long offset, long timestamp) {}

    /// The last record that begins at or before an offset, older than any when there is none; when that can't be
    /// read the next one that can, younger than any when there is none.
    private Beginning beginning(long low, long offset, long high) {
        try {
            Store.Entry entry = store.floor(Table.MESSAGES, Keys.of(number, low), Keys.of(number, offset));
            return entry == null ? new Beginning(offset, -1) : beginning(entry);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
        }
        long good = pass(offset, high);
        byte[] record = good >= high ? null : store.get(Table.MESSAGES, Keys.of(number, good));
        return record == null
                ? new Beginning(high, Long.MAX_VALUE)
                : beginning(new Store.Entry(Keys.of(number, good), record));
    }

    private static Beginning beginning(Store.Entry entry) {
        return new Beginning(Keys.longAt(entry.key(), OFFSET_AT), Records.firstTimestamp(entry.value()));
    }

    /// What is in the last record that begins at or before an offset; nothing when that can't be read.
    private List<Message> recordAt(long offset) {
        try {
            Store.Entry entry = store.floor(Table.MESSAGES, Keys.of(number, 0L), Keys.of(number, offset));
            return entry == null
                    ? List.of()
                    : Records.read(entry.value(), topic, epoch, Keys.longAt(entry.key(), OFFSET_AT));
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.CORRUPT) {
                return List.of();
            }
            throw e;
        }
    }

    /// The first offset of the record that holds an offset, or of the last one before it; the offset itself when
    /// there is none.
    long beginOf(long offset) {
        Store.Entry entry = store.floor(Table.MESSAGES, Keys.of(number, 0L), Keys.of(number, offset));
        return entry == null ? offset : Keys.longAt(entry.key(), OFFSET_AT);
    }

    /// Whether there is anything below an offset; true when that can't be read.
    boolean hasBelow(long offset) {
        try {
            return offset > 0 && store.floor(Table.MESSAGES, Keys.of(number, 0L), Keys.of(number, offset - 1)) != null;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.CORRUPT) {
                return true;
            }
            throw e;
        }
    }

    /// What the marks of the topic would say, as far as its messages can be read; those may have been forgotten
    /// of which some are left in a record.
    Marks count() {
        long end = 0;
        long oldest = 0;
        long bytes = 0;
        long last = -1;
        long forgotten = -1;
        for (List<Message> slice = count(0); !slice.isEmpty(); slice = count(end)) {
            if (end == 0) {
                oldest = slice.getFirst().offset();
                forgotten = oldest == 0 ? -1 : slice.getFirst().timestampMillis();
            }
            bytes += slice.stream().mapToLong(TopicLog::cost).sum();
            end = slice.getLast().offset() + 1;
            last = slice.getLast().timestampMillis();
        }
        return new Marks(end, oldest, bytes, last, forgotten);
    }

    private List<Message> count(long from) {
        return read(from, Long.MAX_VALUE, DurableTopicLog.RECORD_MESSAGES, 1 << 20);
    }
}
