package dev.fanfare.feed;

import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A kind of feed that holds only what a filter lets through. Equal to another one of the same kind whose filter is
/// equal: their subscriptions share one feed.
///
/// @param base how its subscriptions see messages
/// @param filter which they see
/// @param <C> a subscriber's cursor
public record FilteredKind<C>(FeedKind<C> base, Filter filter) implements FeedKind<C> {

    private static final Logger LOG = LoggerFactory.getLogger(FilteredKind.class);

    /// Whether the filter lets the message through; what it throws is a no, and counted.
    public static boolean matches(Filter filter, Topic topic, Message message) {
        try {
            return filter.matches(message);
        } catch (Throwable e) {
            // Whatever it is: the thread that asks serves others too.
            topic.counters().filterFailed();
            LOG.debug("Filter {} failed on {}", filter, message, e);
            return false;
        }
    }

    /// Those of replayed messages that the filter lets through.
    ///
    /// @param topics finds a topic by its name
    public static List<Message> matching(
            Filter filter, List<Message> messages, Function<String, @Nullable Topic> topics) {
        List<Message> found = new ArrayList<>();
        for (Message message : messages) {
            Topic topic = topics.apply(message.topic());
            if (topic != null && matches(filter, topic, message)) {
                found.add(message);
            }
        }
        return found;
    }

    /// What the filter will say, for all feeds of a message that ask it.
    @Override
    public Object prepare(Topic topic, Message draft) {
        return new Verdict();
    }

    /// What a message is to several kinds, as they want it prepared; kinds that ask the same filter have that in
    /// common.
    @Override
    public Object preparation() {
        return filter;
    }

    /// With one feed that asks there is nothing to have in common.
    @Override
    public boolean preparesAlone() {
        return false;
    }

    @Override
    public Feed<C> open(Pattern pattern) {
        return new FilteredFeed<>(pattern, this);
    }

    @Override
    public Feed<C> openBehindFilter(Pattern pattern) {
        throw new IllegalStateException("one filter per feed; combine them");
    }

    @Override
    public boolean missed(C cursor, Topic topic, long count) {
        return base.missed(cursor, topic, count);
    }

    @Override
    public boolean isSubscription() {
        return base.isSubscription();
    }

    @Override
    public String reader(Pattern pattern) {
        return base.reader(pattern) + " with a filter";
    }
}
