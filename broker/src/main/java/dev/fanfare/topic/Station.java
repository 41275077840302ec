package dev.fanfare.topic;

import dev.fanfare.FanfareException;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;

/// A reader that stays in the plan of every topic that its pattern means, existing or made later, whatever becomes
/// of topics: [FeedRegistry#station]. One thread at a time.
public final class Station {

    private final FeedRegistry feeds;
    private SharedFeed<?> shared;

    Station(FeedRegistry feeds, SharedFeed<?> shared) {
        this.feeds = feeds;
        this.shared = shared;
    }

    /// Has another reader in the place of this one, in one step for each topic that both patterns mean: of what is
    /// published there meanwhile each gets a part, and no message is passed over or gotten by both.
    /// A topic that only the new pattern means comes to it last.
    ///
    /// @throws FanfareException `LIMIT_REACHED`, `SHUTTING_DOWN`: then the one before stands again where it stood
    public <C> void exchange(Pattern pattern, FeedKind<C> kind) {
        shared = feeds.exchange(shared, pattern, kind);
    }

    /// Takes it out of the plans: when this returns it gets nothing more.
    public void dismiss() {
        feeds.dismiss(shared);
    }
}
