package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How much an acknowledged subscription of a pattern may have to do: what the broker's topics have that nobody
/// said anything about, or what it says itself, whatever the topics say that it matches.
@Timeout(20)
class PatternBacklogTest {

    private static final int DEFAULT = 5;

    private static final int LARGE = 1_000;

    private final Broker broker = Broker.open(
            BrokerConfig.defaults().withTopics(TopicConfig.defaults().withBacklog(DEFAULT, 1 << 20)));

    @AfterEach
    void close() {
        broker.close();
    }

    private AcknowledgedBuilder group(String pattern) {
        return broker.subscription(pattern)
                .overflow(Overflow.refuse())
                .acknowledged()
                .group("of " + pattern);
    }

    /// How many are taken before one is refused; nothing is received.
    private int taken(String topic) {
        int taken = 0;
        while (broker.publish(topic, "m") instanceof PublishResult.Accepted) {
            taken++;
        }
        return taken;
    }

    @Test
    void aPatternHasTheDefaultOfTheBroker() {
        broker.createTopic("t.large", TopicConfig.defaults().withBacklog(LARGE, 1 << 20));
        try (Receiver _ = group("t.*").receive()) {
            // As many again may be on their way in.
            assertThat(taken("t.large")).isBetween(DEFAULT, 2 * DEFAULT);
        }
    }

    @Test
    void aPatternMaySayItItself() {
        broker.createTopic("t.small");
        try (Receiver _ = group("t.*").queue(LARGE).receive()) {
            assertThat(taken("t.small")).isBetween(LARGE, 2 * LARGE);
        }
    }

    @Test
    void byNameItIsWhatTheTopicSays() {
        broker.createTopic("t.large", TopicConfig.defaults().withBacklog(LARGE, 1 << 20));
        try (Receiver _ = group("t.large").receive()) {
            assertThat(taken("t.large")).isBetween(LARGE, 2 * LARGE);
        }
    }
}
