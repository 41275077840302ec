package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Which of the topics that exist a pattern finds.
class PatternSearchTest {

    private final BrokerConfig keepAll =
            BrokerConfig.defaults().withTopics(TopicConfig.defaults().withHistory(10_000));

    private static List<String> found(Broker broker, String pattern) {
        Attachment attachment = broker.feeds()
                .attach(Pattern.of(pattern), Start.earliest(), new RecordingKind(), new RecordingKind.Cursor());
        List<String> names = new ArrayList<>();
        while (attachment.state() == Attachment.State.REPLAYING) {
            Objects.requireNonNull(attachment.replay(100, 1000, () -> {})).stream()
                    .filter(message -> message.offset() == 0)
                    .map(Message::topic)
                    .forEach(names::add);
        }
        attachment.close();
        return names;
    }

    @Test
    void findsWhatTryingEveryNameFinds() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        try (Broker broker = Broker.open(keepAll)) {
            for (int i = 0; i < 1_500; i++) {
                broker.publish(
                        "a".repeat(random.nextInt(2)) + text(random, List.of("a", "b", "b!", "c", "$a", "0", ""), i),
                        "x");
            }
            for (int i = 0; i < 300; i++) {
                String pattern =
                        text(random, List.of("a", "b", "c", "$a", "", "*", "*", "*"), i) + (i % 3 == 0 ? "/**" : "");
                if (isWild(pattern)) {
                    assertThat(found(broker, pattern))
                            .as("seed %d, pattern %s", seed, pattern)
                            .containsExactlyInAnyOrderElementsOf(broker.topics()
                                    .map(Topic::name)
                                    .filter(Pattern.of(pattern)::matches)
                                    .toList());
                }
            }
        }
    }

    private static boolean isWild(String pattern) {
        try {
            return Pattern.of(pattern).isWild();
        } catch (FanfareException illegal) {
            return false;
        }
    }

    /// One to four segments, most of them split by the same character.
    private static String text(Random random, List<String> segments, int unique) {
        StringBuilder text = new StringBuilder(segments.get(random.nextInt(segments.size())));
        int length = random.nextInt(4);
        for (int i = 0; i < length; i++) {
            text.append(random.nextInt(10) == 0 ? '.' : '/');
            text.append(segments.get(random.nextInt(segments.size())));
        }
        boolean wild = text.toString().endsWith("*");
        return random.nextInt(3) == 0 && !wild ? text.toString() + unique : text.toString();
    }

    @Test
    void jumpsOverNamesThatBeginWithTheWrongSegment() {
        try (Broker broker = Broker.open()) {
            for (int user = 0; user < 30; user++) {
                for (int kind = 0; kind < 30; kind++) {
                    broker.publish("users/" + user + "/kind" + kind, "x");
                }
                broker.publish("users/" + user + "!/kind7", "x");
                broker.publish("users/" + user, "x");
            }
            assertThat(found(broker, "users/*/kind7")).hasSize(60).allMatch(name -> name.endsWith("/kind7"));
            assertThat(found(broker, "*/*/kind7")).hasSize(60);
            assertThat(found(broker, "*/3/**")).hasSize(31);
        }
    }
}
