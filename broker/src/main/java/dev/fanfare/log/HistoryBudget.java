package dev.fanfare.log;

import java.util.concurrent.atomic.AtomicLong;

/// What all histories of a broker may cost together. Logs report what they keep; whoever owns the logs shrinks them
/// when [#exceeded]. Any thread.
public final class HistoryBudget {

    private volatile long limit;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong forgotten = new AtomicLong();

    /// What remembered message ids cost: it is used, and no history can give it back.
    private final AtomicLong ids = new AtomicLong();

    /// @param limit in bytes, by [TopicLog#cost]
    public HistoryBudget(long limit) {
        this.limit = limit;
    }

    /// They may cost so much from now on; who owns the logs looks whether that is [#exceeded].
    public void limitTo(long bytes) {
        limit = bytes;
    }

    /// A log keeps so many bytes more, or fewer.
    public void change(long bytes) {
        if (bytes != 0) {
            used.addAndGet(bytes);
        }
    }

    /// Message ids are remembered that cost so many bytes more, or fewer.
    public void changeIds(long bytes) {
        ids.addAndGet(bytes);
        change(bytes);
    }

    /// Takes so many bytes more for message ids, unless all of them would cost more than half of the budget.
    public boolean grantIds(long bytes) {
        if (ids.get() + bytes > limit / 2) {
            return false;
        }
        changeIds(bytes);
        return true;
    }

    /// What remembered message ids cost, in bytes.
    public long ids() {
        return ids.get();
    }

    /// Messages were forgotten because the budget was exceeded.
    public void forgot(long messages) {
        forgotten.addAndGet(messages);
    }

    /// Whether the histories cost more than they may.
    public boolean exceeded() {
        return used.get() > limit;
    }

    /// In bytes.
    public long limit() {
        return limit;
    }

    /// What the histories cost now, in bytes.
    public long used() {
        return used.get();
    }

    /// How many messages were forgotten because of this budget, ever.
    public long forgotten() {
        return forgotten.get();
    }
}
