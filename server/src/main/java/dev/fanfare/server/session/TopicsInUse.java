package dev.fanfare.server.session;

import dev.fanfare.Topic;
import dev.fanfare.server.PublishLimit;
import org.jspecify.annotations.Nullable;

/// The topics that one session uses, mostly the same one again and again. On its event loop.
final class TopicsInUse {

    private final SessionContext context;
    private final PublishLimit limit;
    private final SessionLog log;
    private @Nullable Topic last;

    TopicsInUse(SessionContext context, PublishLimit limit, SessionLog log) {
        this.context = context;
        this.limit = limit;
        this.log = log;
    }

    /// The topic of that name, made if topics make themselves; null when there is none.
    @Nullable
    Topic get(String name) {
        Topic known = last;
        if (known != null && known.name().equals(name) && !known.deleted()) {
            return known;
        }
        Topic found = context.findOrCreate(name, limit, log::made);
        last = found;
        return found;
    }
}
