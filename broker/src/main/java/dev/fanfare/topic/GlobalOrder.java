package dev.fanfare.topic;

import dev.fanfare.log.TopicLog;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// The one order that all topics of a broker share which ask for it: one section, in which all of them append, and
/// what was appended there and can't be seen yet. A message is seen when all before it are, whatever their topics
/// promise; so every feed gets them in the order of their appending. In the section.
final class GlobalOrder {

    /// Messages of one topic, with none of another one between.
    private static final class Run {
        final LiveTopic topic;
        long end;

        Run(LiveTopic topic, long end) {
            this.topic = topic;
            this.end = end;
        }
    }

    private final ReentrantLock section = new ReentrantLock();
    private final ArrayDeque<Run> hidden = new ArrayDeque<>(0);
    private long lastTimestamp;
    private int turn;

    private volatile boolean used;

    /// A topic's log becomes one of those that share the order.
    void join(TopicLog log) {
        section.lock();
        try {
            used = true;
            if (log.end() > 0) {
                // Which turn was the last in that millisecond is not known.
                stamp(log.lastTimestamp() + 1);
            }
        } finally {
            section.unlock();
        }
    }

    /// Whether any topic ever shared it.
    boolean isUsed() {
        return used;
    }

    /// Entered to append to any of the topics.
    ReentrantLock section() {
        return section;
    }

    /// Whether something was appended that can't be seen yet.
    boolean hides() {
        return !hidden.isEmpty();
    }

    /// The timestamp of what is appended now: it never falls.
    long stamp(long now) {
        if (now > lastTimestamp || turn == Integer.MAX_VALUE) {
            lastTimestamp = Math.max(now, lastTimestamp + 1);
            turn = 0;
        }
        return lastTimestamp;
    }

    /// The turn of what is appended now with the last [#stamp]: [dev.fanfare.Message#turn].
    int turn() {
        return turn++;
    }

    /// What was appended to a topic, below this offset, can't be seen yet.
    void hide(LiveTopic topic, long end) {
        Run last = hidden.peekLast();
        if (last != null && last.topic == topic) {
            last.end = end;
        } else {
            hidden.add(new Run(topic, end));
        }
    }

    /// What can't be seen of a topic was taken back.
    void takenBack(LiveTopic topic) {
        hidden.removeIf(run -> run.topic == topic);
    }

    /// Makes the next visible that may be seen, in their order.
    ///
    /// @param upTo below which offset those of a topic may be seen
    /// @param most about how many at most
    /// @return whether it was that many: there may be more
    boolean reveal(ToLongFunction<LiveTopic> upTo, long most) {
        long left = most;
        for (Run run = next(upTo); run != null; run = next(upTo)) {
            if (left <= 0) {
                return true;
            }
            long from = run.topic.visible();
            long due = Math.min(run.end, upTo.applyAsLong(run.topic));
            long end = from + Math.min(due - from, left);
            left -= end - from;
            run.topic.appending().reveal(end);
            if (end == run.end) {
                hidden.remove();
            }
        }
        return false;
    }

    private @Nullable Run next(ToLongFunction<LiveTopic> upTo) {
        Run first = hidden.peek();
        return first == null || upTo.applyAsLong(first.topic) <= first.topic.visible() ? null : first;
    }
}
