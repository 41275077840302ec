package dev.fanfare;

import dev.fanfare.feed.FeedAccess;
import java.util.Optional;
import java.util.stream.Stream;

/// The broker of one process.
public abstract class Broker implements AutoCloseable {

    /// A broker with the default configuration.
    public static Broker open() {
        return open(BrokerConfig.defaults());
    }

    /// A broker.
    public static Broker open(BrokerConfig config) {
        throw new FanfareException(ErrorCode.INTERNAL, config.toString());
    }

    /// Makes a topic.
    ///
    /// @throws FanfareException `TOPIC_EXISTS`, `BAD_REQUEST` for an illegal name, `LIMIT_REACHED`
    public abstract Topic createTopic(String name, TopicConfig config);

    /// The topic of that name.
    public abstract Optional<Topic> topic(String name);

    /// All topics whose names start with `prefix` and come after `after`, in the order of their names.
    public abstract Stream<Topic> topics(String prefix, String after);

    /// Deletes a topic: false when there was none.
    public abstract boolean deleteTopic(String name);

    /// The door for transports.
    public abstract FeedAccess feeds();

    @Override
    public abstract void close();
}
