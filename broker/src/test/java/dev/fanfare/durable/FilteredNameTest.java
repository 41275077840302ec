package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.TopicConfig;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A durable name with a filter is done with what its filter does not let through: topics keep none of it longer than
/// they would without that name.
@Timeout(60)
class FilteredNameTest extends Restarts {

    private static final TopicConfig DURABLE =
            TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN);

    private Receiver subscribe(String pattern) {
        return broker.subscription(pattern)
                .types("wanted")
                .acknowledged()
                .durable("audit")
                .receive();
    }

    private void publish(String type, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(broker.publish("t.a", Message.text(type + " " + i).withType(type)))
                    .isInstanceOf(Accepted.class);
        }
    }

    private long oldest() {
        return broker.topic("t.a").orElseThrow().oldest();
    }

    /// Time passes until a topic has forgotten what nobody needs. Its history is 10, and it forgets some at a time.
    private void awaitForgotten(long upTo) {
        while (oldest() < upTo) {
            timers.advance(Duration.ofSeconds(1));
            publish("other", 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"t.a", "t.*"})
    void whatAFilterDoesNotLetThroughIsForgotten(String pattern) throws Exception {
        broker.createTopic("t.a", DURABLE);
        Receiver receiver = subscribe(pattern);
        publish("other", 300);
        awaitForgotten(200);

        // What is not done stays, with all that comes behind it, until it is.
        publish("wanted", 1);
        Delivery wanted = Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
        publish("other", 300);
        for (int i = 0; i < 100; i++) {
            timers.advance(Duration.ofSeconds(1));
        }
        publish("other", 300);
        assertThat(oldest()).isLessThanOrEqualTo(wanted.message().offset());
        kill();
        receiver = subscribe(pattern);
        Delivery again = Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
        assertThat(again.message().offset()).isEqualTo(wanted.message().offset());
        again.ack();
        awaitForgotten(wanted.message().offset() + 500);

        // What comes while nobody is there stays.
        publish("wanted", 1);
        kill();
        publish("other", 300);
        receiver = subscribe(pattern);
        assertThat(Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)))
                        .message()
                        .text())
                .isEqualTo("wanted 0");
    }
}
