package dev.fanfare.topic;

import dev.fanfare.log.HistoryBudget;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// Brings the histories back into their budget: the largest shrink first, all down to the same size, until a tenth
/// of the budget is free again, so that the next look at all topics is far away.
final class HistoryShrinker {

    private final HistoryBudget budget;
    private final Collection<LiveTopic> topics;
    private final ReentrantLock busy = new ReentrantLock();
    private final AtomicBoolean called = new AtomicBoolean();

    HistoryShrinker(HistoryBudget budget, Collection<LiveTopic> topics) {
        this.budget = budget;
        this.topics = topics;
    }

    /// The same soon, on a thread of its own; but here and now when the histories have outgrown their budget by
    /// more than a tenth, since whoever makes them grow faster than that thread comes to run has to wait for it.
    void shrinkElsewhere() {
        if (budget.used() > budget.limit() + budget.limit() / 10) {
            busy.lock();
            shrinkAndUnlock();
        } else if (!busy.isLocked() && called.compareAndSet(false, true)) {
            Thread.ofVirtual().name("fanfare-history").start(() -> {
                called.set(false);
                shrink();
            });
        }
    }

    /// Called outside of any section. One thread shrinks at a time, others go on.
    void shrink() {
        if (busy.tryLock()) {
            shrinkAndUnlock();
        }
    }

    private void shrinkAndUnlock() {
        try {
            if (!budget.exceeded()) {
                // Somebody else has done it meanwhile.
                return;
            }
            // Ids are no history: what they cost, the histories can't have.
            long target = Math.max(0, budget.limit() - budget.limit() / 10 - budget.ids());
            long size = commonSize(target);
            for (LiveTopic topic : topics) {
                if (topic.log().memory() > size) {
                    budget.forgot(topic.relieve(size));
                }
            }
        } finally {
            busy.unlock();
        }
    }

    /// The size to which the larger histories have to shrink so that all together cost `target`.
    private long commonSize(long target) {
        long[] sizes = topics.stream()
                .mapToLong(topic -> topic.log().memory())
                .sorted()
                .toArray();
        long left = target;
        for (int i = 0; i < sizes.length; i++) {
            long share = left / (sizes.length - i);
            if (sizes[i] > share) {
                return share;
            }
            left -= sizes[i];
        }
        return Long.MAX_VALUE;
    }
}
