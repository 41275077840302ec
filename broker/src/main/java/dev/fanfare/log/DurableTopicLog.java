package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A log that outlives the process.
///
/// ```
///  forgotten     on the device        also in memory      only in memory
///  0 ...... oldest .......... cached ......... visible .............. end
/// ```
///
/// The newest messages are kept in memory, as a log in memory keeps them: what is appended waits there until it is
/// committed, and most readers find there what they want. Whoever commits calls [#record], which puts what was
/// appended into a batch, and [#reveal] when the batch is carried out, or [#takeBack]. That is one thread, and
/// the only one that forgets: the marks and figures here are its, written in the topic's section and read by
/// any thread.
///
/// What is to be forgotten has to be known message by message. When it is in memory no more, [#needsHead] says
/// so, and [#loadHead] reads the next part of it, outside of the section.
@SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes at a time
public final class DurableTopicLog implements TopicLog {

    /// How large a record gets: readers who want one message read all of its record.
    static final int RECORD_BYTES = 128 << 10;

    static final int RECORD_MESSAGES = 1024;

    private final int number;
    private final Retention retention;
    private final Timers timers;
    private final StoredMessages stored;
    private final MemoryTopicLog recent;

    /// When only the newest message of each key is kept: what is left of them.
    private final @Nullable CompactedHistory compacted;

    private final Map<Object, Long> holds = new HashMap<>(2);

    // Written in the section only.
    private volatile long oldest;
    private volatile long bytes;
    private volatile long forgotten;
    private volatile boolean held;

    /// The messages that are forgotten next, when they are not in memory.
    private volatile List<Message> head = List.of();

    private boolean needsHead;

    /// What of it is still on the device.
    private final Forgotten undeleted;

    /// @param number the topic's in the store
    /// @param cache how much of it stays in memory
    /// @param marks how far it was
    /// @param compacted how far messages were taken out for newer ones of their key; null when that is never done
    /// @param damaged told of offsets that can't be read, from one up to another
    public DurableTopicLog(
            Store store,
            int number,
            String topic,
            String epoch,
            Retention retention,
            Retention cache,
            Marks marks,
            @Nullable Compacted compacted,
            Timers timers,
            HistoryBudget budget,
            BiConsumer<Long, Long> damaged) {
        this.number = number;
        this.retention = retention;
        this.timers = timers;
        boolean holes = compacted != null;
        this.compacted = compacted == null ? null : new CompactedHistory(store, number, topic, epoch, compacted);
        this.stored = new StoredMessages(store, number, topic, epoch, holes, damaged);
        // With holes, what is in memory and what is stored would differ.
        int newest = holes ? 0 : Math.min(cache.messages(), retention.messages());
        Retention inMemory = new Retention(newest, cache.bytes(), retention.ageMillis());
        this.recent = new MemoryTopicLog(epoch, inMemory, timers, budget, marks.end(), marks.lastTimestamp());
        this.oldest = marks.oldest();
        this.bytes = marks.bytes();
        this.forgotten = marks.forgottenTimestamp();
        this.undeleted = new Forgotten(number, stored, oldest);
    }

    /// The topic's number in the store.
    public int number() {
        return number;
    }

    @Override
    public String epoch() {
        return recent.epoch();
    }

    @Override
    public long end() {
        return recent.end();
    }

    @Override
    public long visible() {
        return recent.visible();
    }

    @Override
    public long oldest() {
        long kept = oldest;
        if (retention.ageMillis() == 0 || held) {
            return kept;
        }
        for (Message message : head) {
            if (message.offset() >= kept) {
                if (!isTooOld(message)) {
                    return message.offset();
                }
                kept = message.offset() + 1;
            }
        }
        // What is too old and neither in memory nor known is found when it is expired.
        long young = recent.oldest();
        Message before = recent.peek(young - 1);
        return before != null && isTooOld(before) ? Math.max(kept, young) : kept;
    }

    private boolean isTooOld(Message message) {
        return retention.ageMillis() > 0
                && message.timestampMillis() < timers.currentTimeMillis() - retention.ageMillis();
    }

    @Override
    public long cached() {
        return recent.oldest();
    }

    @Override
    public long memory() {
        return recent.bytes();
    }

    @Override
    public long relieve(long most) {
        recent.shrink(most);
        return 0;
    }

    @Override
    public boolean hasHoles() {
        return compacted != null;
    }

    @Override
    public long lastTimestamp() {
        return recent.lastTimestamp();
    }

    @Override
    public long forgottenTimestamp() {
        long before = oldest() - 1;
        Message newest = recent.peek(before);
        for (Message message : head) {
            newest = message.offset() == before ? message : newest;
        }
        return newest == null ? forgotten : Math.max(forgotten, newest.timestampMillis());
    }

    @Override
    public long bytes() {
        return bytes;
    }

    // ---- the way to the device

    @Override
    public List<Message> appended(long from, long to) {
        return recent.appended(from, to);
    }

    @Override
    public void append(Message message) {
        recent.append(message);
    }

    /// Puts what was appended since the last commit into a batch. By whoever commits, outside of the section.
    ///
    /// @param from the first offset: what was put into a batch ends there, and what may be cut off begins there
    /// @param upTo the end of what is put into it
    /// @return what is put into the batch costs so much, by [TopicLog#cost]
    public long record(Store.Batch batch, long from, long upTo, ByteWriter scratch) {
        List<Message> messages = recent.appended(from, upTo);
        long cost = 0;
        int begin = 0;
        int size = 0;
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            cost += TopicLog.cost(message);
            size += message.payload().storedSize() + 64;
            if (i + 1 == messages.size() || size >= RECORD_BYTES || i + 1 - begin == RECORD_MESSAGES) {
                List<Message> together = messages.subList(begin, i + 1);
                batch.put(
                        Table.MESSAGES,
                        Keys.of(number, together.getFirst().offset()),
                        Records.write(together, scratch));
                begin = i + 1;
                size = 0;
            }
        }
        return cost;
    }

    /// In the section: puts the marks into a batch, as they are when it is carried out.
    ///
    /// @param cost what [#record] answered
    public void mark(Store.Batch batch, long upTo, long cost) {
        Message last = recent.peek(upTo - 1);
        long timestamp = last == null ? lastTimestamp() : last.timestampMillis();
        batch.put(Table.MARKS, Keys.of(number), new Marks(upTo, oldest, bytes + cost, timestamp, forgotten).toBytes());
        if (compacted != null) {
            batch.put(Table.KEYS, Keys.of(number), compacted.clean().toBytes());
        }
    }

    @Override
    public void reveal(long upTo) {
        if (upTo < visible() || upTo > end()) {
            throw new IllegalArgumentException("visible must be " + visible() + " to " + end() + ", not " + upTo);
        }
        long cost = 0;
        for (Message message : recent.appended(visible(), upTo)) {
            cost += TopicLog.cost(message);
        }
        bytes = bytes + cost;
        if (compacted != null) {
            compacted.revealed(cost);
        }
        // First what is on the device: it must be known there before it leaves memory.
        forget(upTo);
        recent.reveal(upTo);
        // How old the oldest is has to be known at any time.
        needsHead |= retention.ageMillis() > 0 && oldest < upTo && first() == null;
    }

    @Override
    public void takeBack(long end) {
        recent.takeBack(end);
    }

    // ---- forgetting

    @Override
    public void expire() {
        forget(visible());
        recent.expire();
    }

    /// Whether something has to be forgotten that is not in memory.
    public boolean needsHead() {
        return needsHead;
    }

    /// Reads what is forgotten next. By whoever commits, outside of the section.
    public void loadHead() {
        head = stored.read(oldest, visible(), RECORD_MESSAGES, Integer.MAX_VALUE);
    }

    /// In the section, after [#loadHead]: when nothing was found, it is damaged and counts as forgotten.
    public void passUnreadable() {
        if (head.isEmpty()) {
            oldest = Math.max(oldest, recent.oldest());
        }
    }

    /// Someone needs what is kept from an offset on, whatever the retention says.
    ///
    /// @param who instead of what it said before
    public void hold(Object who, long offset) {
        holds.put(who, offset);
        held = true;
    }

    /// Does not need it any more.
    public void release(Object who) {
        holds.remove(who);
        held = !holds.isEmpty();
    }

    private void forget(long upTo) {
        needsHead = false;
        long floor = upTo;
        for (long held : holds.values()) {
            floor = Math.min(floor, held);
        }
        while (oldest < floor) {
            boolean tooMany = isTooMuch(upTo);
            if (!tooMany && retention.ageMillis() == 0) {
                return;
            }
            Message next = first();
            if (next == null) {
                needsHead = true;
                return;
            }
            if (!tooMany && !isTooOld(next)) {
                return;
            }
            forgetFirst(next);
        }
    }

    private boolean isTooMuch(long upTo) {
        return compacted == null
                ? upTo - oldest > retention.messages() || bytes > retention.bytes()
                : compacted.isTooMuch(retention, oldest, upTo, bytes);
    }

    /// The oldest message, if it is at hand; with holes, the first one that is left.
    private @Nullable Message first() {
        Message here = recent.peek(oldest);
        if (here != null) {
            return here;
        }
        for (Message message : head) {
            if (message.offset() >= oldest) {
                return message;
            }
        }
        return null;
    }

    private void forgetFirst(Message message) {
        forgotten = message.timestampMillis();
        oldest = message.offset() + 1;
        long cost = TopicLog.cost(message);
        bytes = Math.max(0, bytes - cost);
        undeleted.add(1, cost);
        if (compacted != null) {
            compacted.forgot(message);
        }
        if (!head.isEmpty() && head.getLast().offset() < oldest) {
            head = List.of();
        }
    }

    @Override
    public long shrink(long most) {
        long before = oldest;
        if (most == 0) {
            forgotten = lastTimestamp();
            oldest = visible();
            undeleted.add(oldest - before, bytes);
            bytes = 0;
            if (compacted != null) {
                compacted.forgotAll(oldest);
            }
            head = List.of();
        }
        while (bytes > most && oldest < visible()) {
            Message next = first();
            if (next == null) {
                loadHead();
                next = first();
            }
            if (next == null) {
                break;
            }
            forgetFirst(next);
        }
        recent.shrink(Math.min(most, recent.bytes()));
        return oldest - before;
    }

    /// What is to be deleted from the store: from one key up to another; empty when it is not worth it yet. By
    /// whoever commits, outside of the section, who says [#deleted] when it is done.
    public byte[][] garbage() {
        return undeleted.range(oldest, visible());
    }

    /// What [#garbage] answered was deleted from the store.
    public void deleted(byte[][] garbage) {
        undeleted.deleted(garbage);
    }

    // ---- taking out what has a newer message of its key

    /// Whether it is worth looking for such messages. By whoever commits.
    public boolean wantsCompaction() {
        return compacted != null && compacted.isWorthIt(oldest, visible(), bytes);
    }

    /// Looks for such messages. On a thread of its own, one at a time.
    ///
    /// @param turn runs something in the section
    /// @param commits has something carried out by whoever commits, and waits; false: that is enough
    /// @param over asked now and then whether that is enough
    public void compact(Consumer<Runnable> turn, Predicate<Consumer<Store.Batch>> commits, BooleanSupplier over) {
        if (compacted != null) {
            compacted.lookThrough(
                    () -> oldest, this::visible, turn, rewrite -> carryOut(rewrite, commits), over, this::compacted);
        }
    }

    /// @return false when that is enough, or the record's beginning was deleted meanwhile: it would be there
    ///     again, and left as it is it would be taken for looked through
    private boolean carryOut(Compaction.Rewrite rewrite, Predicate<Consumer<Store.Batch>> commits) {
        AtomicBoolean done = new AtomicBoolean();
        boolean more = commits.test(batch -> {
            if (undeleted.mayHold(rewrite.from())) {
                rewrite.write(batch);
                done.set(true);
            }
        });
        return more && done.get();
    }

    private void compacted(long left) {
        bytes = left;
        head = List.of();
        forget(visible());
    }

    // ---- reading

    @Override
    public List<Message> read(long from, int maxMessages, int maxBytes) {
        List<Message> cached = readCached(from, maxMessages, maxBytes);
        return cached != null ? cached : stored.read(Math.max(from, oldest()), visible(), maxMessages, maxBytes);
    }

    @Override
    public @Nullable List<Message> readCached(long from, int maxMessages, int maxBytes) {
        while (true) {
            long first = Math.max(from, oldest());
            if (first >= visible()) {
                return List.of();
            }
            if (first < recent.oldest()) {
                return null;
            }
            List<Message> slice = recent.read(first, maxMessages, maxBytes);
            if (!slice.isEmpty() && slice.getFirst().offset() == first) {
                return slice;
            }
        }
    }

    @Override
    public long firstAt(long timestampMillis) {
        long cached = firstCachedAt(timestampMillis);
        return cached >= 0 ? cached : stored.firstAt(timestampMillis, oldest(), visible());
    }

    @Override
    public long firstCachedAt(long timestampMillis) {
        long kept = oldest();
        long cached = Math.max(kept, recent.oldest());
        Message first = recent.peek(cached);
        if (cached == kept || first != null && first.timestampMillis() < timestampMillis) {
            return Math.max(kept, recent.firstAt(timestampMillis));
        }
        return -1;
    }

    @Override
    public void close() {
        recent.close();
    }
}
