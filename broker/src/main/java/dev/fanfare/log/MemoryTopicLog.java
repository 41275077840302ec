package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.time.Timers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A log that lives as long as the process: a ring of references that grows from one slot by doubling.
///
/// One writer, any number of readers without a lock. The writer stores a message in its slot before it raises
/// `visible` with release, so whoever reads `visible` with acquire finds every message below it, unless the slot
/// was emptied or used again meanwhile. A reader notices that by the offset in the message itself and begins anew
/// at the oldest one.
public final class MemoryTopicLog implements TopicLog {

    private static final VarHandle VISIBLE;
    private static final VarHandle OLDEST;
    private static final VarHandle BYTES;
    private static final VarHandle FORGOTTEN;

    static {
        try {
            var lookup = MethodHandles.lookup();
            VISIBLE = lookup.findVarHandle(MemoryTopicLog.class, "visible", long.class);
            OLDEST = lookup.findVarHandle(MemoryTopicLog.class, "oldest", long.class);
            BYTES = lookup.findVarHandle(MemoryTopicLog.class, "bytes", long.class);
            FORGOTTEN = lookup.findVarHandle(MemoryTopicLog.class, "forgotten", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final String epoch;
    private final Retention retention;
    private final Timers timers;
    private final HistoryBudget budget;

    private volatile @Nullable Message[] ring = new @Nullable Message[1];
    private long end;
    private long lastTimestamp = -1;
    private boolean closed;

    // Written by the writer with release, read by anybody with acquire.
    private long visible;
    private long oldest;
    private long bytes;

    @SuppressWarnings("UnusedVariable") // read through FORGOTTEN
    private long forgotten = -1;

    /// An empty log.
    ///
    /// @param epoch the identity of its lifetime
    /// @param timers the clock for ages
    /// @param budget told what is kept
    public MemoryTopicLog(String epoch, Retention retention, Timers timers, HistoryBudget budget) {
        this.epoch = epoch;
        this.retention = retention;
        this.timers = timers;
        this.budget = budget;
    }

    /// An empty log that goes on where another one was: the newest part of one on a device.
    ///
    /// @param start the offset that its first message gets
    /// @param lastTimestamp of the message before that
    MemoryTopicLog(
            String epoch, Retention retention, Timers timers, HistoryBudget budget, long start, long lastTimestamp) {
        this(epoch, retention, timers, budget);
        this.end = start;
        this.visible = start;
        this.oldest = start;
        this.lastTimestamp = lastTimestamp;
    }

    @Override
    public String epoch() {
        return epoch;
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public long visible() {
        return (long) VISIBLE.getAcquire(this);
    }

    @Override
    public long oldest() {
        long kept = (long) OLDEST.getAcquire(this);
        return retention.ageMillis() == 0
                ? kept
                : Math.max(kept, search(kept, timers.currentTimeMillis() - retention.ageMillis()));
    }

    @Override
    public long lastTimestamp() {
        return lastTimestamp;
    }

    @Override
    public long forgottenTimestamp() {
        long newest = (long) FORGOTTEN.getAcquire(this);
        if (retention.ageMillis() == 0) {
            return newest;
        }
        Message expired = slot(oldest() - 1);
        return expired == null ? newest : Math.max(newest, expired.timestampMillis());
    }

    @Override
    public long bytes() {
        return (long) BYTES.getAcquire(this);
    }

    @Override
    public void append(Message message) {
        if (message.offset() != end) {
            throw new IllegalArgumentException("offset must be " + end + ", not " + message.offset());
        }
        @Nullable Message[] slots = ring;
        if (end - oldest == slots.length) {
            slots = grow(slots);
        }
        slots[(int) end & (slots.length - 1)] = message;
        end++;
        lastTimestamp = message.timestampMillis();
        account(TopicLog.cost(message));
    }

    private @Nullable Message[] grow(@Nullable Message[] from) {
        @Nullable Message[] to = new @Nullable Message[from.length * 2];
        for (long offset = oldest; offset < end; offset++) {
            to[(int) offset & (to.length - 1)] = from[(int) offset & (from.length - 1)];
        }
        ring = to;
        return to;
    }

    @Override
    public void reveal(long upTo) {
        if (upTo < visible || upTo > end) {
            throw new IllegalArgumentException("visible must be " + visible + " to " + end + ", not " + upTo);
        }
        VISIBLE.setRelease(this, upTo);
        while (visible - oldest > retention.messages() || (bytes > retention.bytes() && oldest < visible)) {
            forgetOldest();
        }
        expire();
    }

    @Override
    public void expire() {
        if (retention.ageMillis() > 0) {
            long tooOld = timers.currentTimeMillis() - retention.ageMillis();
            for (Message first = first(); first != null && first.timestampMillis() < tooOld; first = first()) {
                forgetOldest();
            }
        }
    }

    private @Nullable Message first() {
        return oldest < visible ? slot(oldest) : null;
    }

    private void forgetOldest() {
        @Nullable Message[] slots = ring;
        int index = (int) oldest & (slots.length - 1);
        Message message = slots[index];
        if (message == null) {
            throw new IllegalStateException("no message at offset " + oldest);
        }
        // Before the slot is emptied: a reader that finds it empty must find the new mark.
        FORGOTTEN.setRelease(this, message.timestampMillis());
        OLDEST.setRelease(this, oldest + 1);
        slots[index] = null;
        account(-TopicLog.cost(message));
    }

    private void account(long change) {
        BYTES.setRelease(this, bytes + change);
        if (!closed) {
            budget.change(change);
        }
    }

    @Override
    public void takeBack(long newEnd) {
        if (newEnd < visible || newEnd > end) {
            throw new IllegalArgumentException("end must be " + visible + " to " + end + ", not " + newEnd);
        }
        @Nullable Message[] slots = ring;
        while (end > newEnd) {
            end--;
            int index = (int) end & (slots.length - 1);
            Message message = slots[index];
            slots[index] = null;
            if (message != null) {
                account(-TopicLog.cost(message));
            }
        }
    }

    @Override
    public long shrink(long most) {
        long before = oldest;
        while (bytes > most && oldest < visible) {
            forgetOldest();
        }
        return oldest - before;
    }

    @Override
    public List<Message> read(long from, int maxMessages, int maxBytes) {
        // Again and again only while the writer forgets faster than this loop reads one message.
        while (true) {
            long offset = Math.max(from, oldest());
            long upTo = visible();
            if (offset >= upTo) {
                return List.of();
            }
            Message message = slot(offset);
            if (message != null) {
                return readOn(message, (int) Math.min(maxMessages, upTo - offset), maxBytes);
            }
        }
    }

    @Override
    public List<Message> appended(long from, long to) {
        List<Message> messages = new ArrayList<>((int) (to - from));
        for (long offset = from; offset < to; offset++) {
            messages.add(Objects.requireNonNull(slot(offset)));
        }
        return messages;
    }

    /// The one with this offset, if it is still here.
    @Nullable
    Message peek(long offset) {
        return offset >= (long) OLDEST.getAcquire(this) ? slot(offset) : null;
    }

    private List<Message> readOn(Message first, int maxMessages, int maxBytes) {
        List<Message> messages = new ArrayList<>(maxMessages);
        long size = 0;
        @Nullable Message message = first;
        do {
            messages.add(message);
            size += message.payload().size();
            message = messages.size() < maxMessages ? slot(message.offset() + 1) : null;
        } while (message != null && size + message.payload().size() <= maxBytes);
        return messages;
    }

    /// The message with this offset, or null when its slot is empty or another's.
    private @Nullable Message slot(long offset) {
        @Nullable Message[] slots = ring;
        Message message = slots[(int) offset & (slots.length - 1)];
        return message != null && message.offset() == offset ? message : null;
    }

    @Override
    public long firstAt(long timestampMillis) {
        return search(oldest(), timestampMillis);
    }

    /// The first offset from `low` on whose message is not older, [#visible] when all are. A message that was
    /// forgotten meanwhile counts as older.
    private long search(long low, long timestampMillis) {
        long high = visible();
        while (low < high) {
            long middle = (low + high) >>> 1;
            Message message = slot(middle);
            if (message == null || message.timestampMillis() < timestampMillis) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            budget.change(-bytes);
        }
    }
}
