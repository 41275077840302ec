package dev.fanfare.feed;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The feeds that were appended to and not yet woken. A publisher that has more to publish at once (a connection's
/// read batch) collects them here and flushes at the end, so that its subscribers are woken once. Owned by one
/// thread, a transport's: no handler runs on it.
public final class Wakes {

    private final List<Feed<?>> feeds = new ArrayList<>();

    /// Nothing noted yet.
    public Wakes() {}

    /// Notes a feed; twice is once.
    public void add(Feed<?> feed) {
        // The publisher of one topic adds the same feed again and again: looking at the last one first keeps that
        // cheap.
        int last = feeds.size() - 1;
        if (last >= 0 && (feeds.get(last) == feed || feeds.contains(feed))) {
            return;
        }
        feeds.add(feed);
    }

    /// Wakes every feed noted.
    ///
    /// @return a feed that is congested, or null: the publisher should not go on before [Feed#onRoom]
    public @Nullable Feed<?> flush() {
        Feed<?> congested = null;
        for (int i = 0; i < feeds.size(); i++) {
            Feed<?> feed = feeds.get(i);
            feed.wakeFromTransport();
            if (feed.congested()) {
                congested = feed;
            }
        }
        feeds.clear();
        return congested;
    }
}
