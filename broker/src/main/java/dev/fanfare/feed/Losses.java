package dev.fanfare.feed;

import dev.fanfare.Topic;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/// What was lost of what waits for a filter, until it is told; each message has the number of those that were
/// added before it. Under its owner's lock.
final class Losses {

    /// What was lost between two that joined: whoever joined at `from` or before has lost it all, everybody
    /// else nothing of it.
    ///
    /// @param from the number of the first
    /// @param counts how many of each topic
    record Run(long from, IdentityHashMap<Topic, Long> counts) {}

    private List<Run> runs = new ArrayList<>(0);

    /// The numbers of the first messages of those who joined, as far as these still wait; ascending.
    private final ArrayDeque<Long> joins = new ArrayDeque<>(0);

    /// Somebody joined who hears what comes from this number on.
    void joined(long number) {
        if (joins.isEmpty() || joins.getLast() < number) {
            joins.add(number);
        }
    }

    /// The oldest that waits is lost.
    void add(long number, Topic topic) {
        boolean heardByMore = passed(number);
        if (runs.isEmpty() || heardByMore) {
            runs.add(new Run(number, new IdentityHashMap<>(1)));
        }
        runs.getLast().counts().merge(topic, 1L, Long::sum);
    }

    /// What comes before this number waits no more.
    ///
    /// @return whether somebody joined since the last that did
    private boolean passed(long number) {
        boolean any = false;
        while (!joins.isEmpty() && joins.getFirst() <= number) {
            joins.remove();
            any = true;
        }
        return any;
    }

    /// What was lost since the last call.
    ///
    /// @param number of the oldest that waits from now on
    List<Run> take(long number) {
        passed(number);
        List<Run> taken = runs;
        if (!taken.isEmpty()) {
            runs = new ArrayList<>(0);
        }
        return taken;
    }

    /// Nobody is left to be told.
    void clear() {
        runs.clear();
        joins.clear();
    }
}
