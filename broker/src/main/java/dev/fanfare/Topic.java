package dev.fanfare;

import dev.fanfare.feed.TopicCounters;

/// A named stream of messages, made by [Broker#createTopic].
public interface Topic {

    /// The name, 1 to 256 characters.
    String name();

    /// The identity of this topic's log: a topic deleted and made again has another one. At most 8 characters.
    String epoch();

    /// What the topic was made with.
    TopicConfig config();

    /// The offset that the next message will get, as far as it can be read yet.
    long visible();

    /// The oldest offset that is kept; equals [#visible] when nothing is.
    long oldest();

    /// Publishes; waits for room when a subscription's policy is to block.
    PublishResult publish(Message message);

    /// Whether it was deleted.
    boolean deleted();

    /// How messages are handed to subscribers that do not say it themselves; null when the topic does not say it
    /// either.
    @org.jspecify.annotations.Nullable
    DeliveryStrategy delivery();

    /// Changes [#delivery] while messages flow: none is lost, repeated or reordered.
    void delivery(@org.jspecify.annotations.Nullable DeliveryStrategy strategy);

    /// What happened to the topic's messages so far; feeds add to it as they deliver.
    TopicCounters counters();
}
