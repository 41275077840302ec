package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Messages that count for a while only: what has expired is passed over at replay and at reading, and counted.
class TimeToLiveTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(10_000)));

    @AfterEach
    void close() {
        broker.close();
    }

    private List<String> replayed(String pattern, Start start) {
        List<String> got = new ArrayList<>();
        broker.subscription(pattern)
                .dispatch(Dispatch.caller())
                .start(start)
                .handle(message -> got.add(message.text()))
                .close();
        return got;
    }

    private Topic topic() {
        return broker.topic("t").orElseThrow();
    }

    @Test
    void countsUntilTheLastMillisecond() {
        broker.publish("t", Message.text("short").withTtl(SECOND));
        broker.publish("t", "for ever");

        timers.advance(Duration.ofMillis(999));
        assertThat(replayed("t", Start.earliest())).containsExactly("short", "for ever");
        assertThat(topic().counters().expired()).isZero();

        timers.advance(Duration.ofMillis(1));
        assertThat(replayed("t", Start.earliest())).containsExactly("for ever");
        assertThat(topic().counters().expired()).isOne();
        assertThat(broker.stats().topic("t").orElseThrow().expired()).isOne();
        assertThat(broker.stats().dropped()).isZero();
    }

    @Test
    void whoIsThereGetsItAtOnceHoweverShortItLives() {
        List<String> got = new ArrayList<>();
        broker.subscription("t").dispatch(Dispatch.caller()).handle(message -> {
            assertThat(message.ttlMillis()).isOne();
            got.add(message.text());
        });
        broker.publish("t", Message.text("x").withTtl(Duration.ofMillis(1)));
        assertThat(got).containsExactly("x");
    }

    @Test
    void aPatternPassesOverThemToo() {
        broker.publish("a.1", Message.text("short").withTtl(SECOND));
        broker.publish("a.2", "2");
        broker.publish("a.1", "1");
        timers.advance(SECOND);
        assertThat(replayed("a.*", Start.earliest())).containsExactly("1", "2");
        assertThat(broker.topic("a.1").orElseThrow().counters().expired()).isOne();
    }

    @Test
    void readingPassesOverThemAndGoesOn() {
        for (int i = 0; i < 1_000; i++) {
            broker.publish("t", Message.text("short").withTtl(SECOND));
        }
        broker.publish("t", "last");
        timers.advance(SECOND);
        assertThat(topic().read(0, 10, 1_000)).extracting(Message::text).containsExactly("last");
        assertThat(topic().read(1_001, 10, 1_000)).isEmpty();
        assertThat(topic().counters().expired()).isEqualTo(1_000);
    }

    @Test
    void onlyExpiredMessagesAreNoLoss() {
        for (int i = 0; i < 3_000; i++) {
            broker.publish("t", Message.text("short").withTtl(SECOND));
        }
        timers.advance(SECOND);
        List<String> got = new ArrayList<>();
        var subscription = broker.subscription("t")
                .dispatch(Dispatch.caller())
                .start(Start.earliest())
                .handle(message -> got.add(message.text()));
        broker.publish("t", "new");
        assertThat(got).containsExactly("new");
        assertThat(subscription.dropped()).isZero();
        assertThat(topic().counters().expired()).isEqualTo(3_000);
    }

    @Test
    void anyMixOfTimesIsReplayedAsIfTheExpiredHadNeverBeenThere() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> alive = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            boolean dies = random.nextInt(3) > 0;
            Message draft = Message.text("m" + i);
            broker.publish("t", dies ? draft.withTtl(Duration.ofMillis(1 + random.nextInt(1_000))) : draft);
            if (!dies) {
                alive.add("m" + i);
            }
        }
        timers.advance(SECOND);
        assertThat(replayed("t", Start.earliest())).as("seed %d", seed).isEqualTo(alive);
    }

    @Test
    void publishedAgainItLivesAgain() {
        broker.publish("t", Message.text("x").withTtl(SECOND));
        Message stored = topic().read(0, 1, 1).getFirst();
        timers.advance(Duration.ofMillis(600));
        broker.publish("t", stored);
        timers.advance(Duration.ofMillis(600));
        assertThat(topic().read(0, 10, 1_000)).extracting(Message::offset).containsExactly(1L);
    }

    @Test
    void aTimeToLiveHasBounds() {
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(4_000))) {
            assertThatThrownBy(() -> Message.text("x").withTtl(wrong))
                    .isInstanceOfSatisfying(
                            FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST))
                    .hasMessageContaining("1 ms to 3650 days");
        }
    }
}
