package dev.fanfare;

import dev.fanfare.feed.TopicCounters;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /// What the history costs in memory, about, in bytes.
    long historyBytes();

    /// Kept messages in order, beginning at `from` or, if that is forgotten, at the oldest kept after it.
    ///
    /// @param maxMessages at least 1
    /// @param maxBytes bound of the payloads' sizes together, from the second message on
    List<Message> read(long from, int maxMessages, int maxBytes);

    /// The offset of the first kept message with this timestamp or a later one; [#visible] when there is none.
    long firstAt(Instant time);

    /// Publishes; waits for room when a subscription's policy is to block.
    PublishResult publish(Message message);

    /// How many subscriptions hear the topic, by its name and by matching patterns.
    int subscribers();

    /// How many messages wait for their time.
    int delayed();

    /// Whether it was deleted.
    boolean deleted();

    /// How messages are handed to subscribers that do not say it themselves; null when the topic does not say it
    /// either.
    @Nullable
    DeliveryStrategy delivery();

    /// Changes [#delivery] while messages flow: none is lost, repeated or reordered.
    void delivery(@Nullable DeliveryStrategy strategy);

    /// What happened to the topic's messages so far; feeds add to it as they deliver.
    TopicCounters counters();
}
