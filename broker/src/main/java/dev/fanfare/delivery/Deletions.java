package dev.fanfare.delivery;

import java.util.Collection;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has subscriptions and groups forget what they have of topics that were deleted. Those of one topic end with
/// it, as soon as their readers hear of that; one that stands still for want of room hears of it because it has
/// room now. Any thread.
///
/// Whoever deletes a topic may be an event loop, and looking through what is not done takes its time: a virtual
/// thread does it, once for all that were deleted meanwhile.
final class Deletions {

    private static final Logger LOG = LoggerFactory.getLogger(Deletions.class);

    private final Collection<Backlog> backlogs;
    private final Queue<String> names = new ConcurrentLinkedQueue<>();

    /// How many were heard of since the thread that looks through the backlogs began, or last looked; 0: there
    /// is none.
    private final AtomicInteger heard = new AtomicInteger();

    /// @param backlogs those that there are, at any time
    Deletions(Collection<Backlog> backlogs) {
        this.backlogs = backlogs;
    }

    /// A topic was deleted.
    void heard(String name) {
        names.add(name);
        if (heard.getAndIncrement() == 0) {
            Thread.ofVirtual().name("fanfare-deletions").start(this::sweep);
        }
    }

    private void sweep() {
        int seen;
        do {
            seen = heard.get();
            Set<String> gone = new HashSet<>();
            for (String name = names.poll(); name != null; name = names.poll()) {
                gone.add(name);
            }
            backlogs.stream()
                    .filter(backlog -> gone.stream().anyMatch(backlog.terms().pattern()::matches))
                    .forEach(Deletions::sweep);
        } while (!heard.compareAndSet(seen, 0));
    }

    /// The others are looked through, and so is what is deleted later, whatever happens in one.
    private static void sweep(Backlog backlog) {
        try {
            backlog.forgetGone();
        } catch (RuntimeException | Error e) {
            LOG.error("{} could not forget what it has of deleted topics: a bug", backlog.name(), e);
        }
    }
}
