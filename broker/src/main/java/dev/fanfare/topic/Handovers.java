package dev.fanfare.topic;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which readers came into the plan of a topic in the place of others while messages had their places and were not
/// visible yet: these messages go to the reader that was there when they were appended. In the topic's section.
final class Handovers {

    /// @param from who gets what lies before; null: nobody
    /// @param to who gets what lies there and after; null: nobody
    private record Handover(
            @Nullable SharedFeed<?> from, @Nullable SharedFeed<?> to, long until) {

        /// The plan of before.
        Plan undone(Plan plan) {
            if (to != null && !plan.holds(to)) {
                return plan;
            }
            Plan without = to == null ? plan : plan.without(to);
            return from == null ? without : without.with(from);
        }

        void owes(long change) {
            if (from != null && change != 0) {
                from.feed().owes(change);
            }
        }
    }

    /// The latest last.
    private final List<Handover> pending = new ArrayList<>(0);

    /// One reader comes in the place of another.
    ///
    /// @param from null: of none
    /// @param to null: none comes
    /// @param visible up to where messages are visible
    /// @param end up to where they have their places
    void add(@Nullable SharedFeed<?> from, @Nullable SharedFeed<?> to, long visible, long end) {
        if (visible < end) {
            Handover added = new Handover(from, to, end);
            pending.add(added);
            added.owes(end - visible);
        }
    }

    /// Where the message with that offset goes.
    ///
    /// @param now where messages go that are appended now
    Plan plan(Plan now, long offset) {
        Plan plan = now;
        for (int i = pending.size() - 1; i >= 0 && pending.get(i).until > offset; i--) {
            plan = pending.get(i).undone(plan);
        }
        return plan;
    }

    /// Messages are visible now, and with whom they go to.
    void revealed(long from, long upTo) {
        for (Handover handover : pending) {
            if (handover.from != null) {
                // Whoever wakes the others does not know of it any more. That of a rule only starts a thread.
                handover.from.feed().wake();
            }
            handover.owes(-(Math.min(upTo, handover.until) - from));
        }
        pending.removeIf(handover -> handover.until <= upTo);
    }

    /// Nothing that is not visible ever will be.
    void takenBack(long visible) {
        pending.forEach(handover -> handover.owes(-(handover.until - visible)));
        pending.clear();
    }
}
