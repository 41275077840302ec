package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Attachment.State;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.VirtualTimers;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Where subscriptions begin, what they are told about it, and what they then get.
class RecoveryTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(5)));
    private final RecordingKind kind = new RecordingKind();

    @AfterEach
    void close() {
        broker.close();
    }

    private Attachment attach(String pattern, Start start) {
        return broker.feeds().attach(Pattern.of(pattern), start, kind, new Cursor());
    }

    private static List<Message> drain(Attachment attachment) {
        List<Message> messages = new ArrayList<>();
        while (attachment.state() == State.REPLAYING) {
            messages.addAll(attachment.replay(2, 1000, () -> {}));
        }
        return messages;
    }

    private static List<Long> offsets(Attachment attachment) {
        return drain(attachment).stream().map(Message::offset).toList();
    }

    private static List<String> places(Attachment attachment) {
        return drain(attachment).stream()
                .map(message -> message.topic() + message.offset())
                .toList();
    }

    /// Publishes to each in turn, a second apart.
    private void publish(String... topics) {
        for (String topic : topics) {
            timers.advance(Duration.ofSeconds(1));
            broker.publish(topic, "x").offset();
        }
    }

    private void publishTimes(String topic, int count) {
        for (int i = 0; i < count; i++) {
            publish(topic);
        }
    }

    private String epoch(String topic) {
        return broker.topic(topic).orElseThrow().epoch();
    }

    private Instant now() {
        return Instant.ofEpochMilli(timers.currentTimeMillis());
    }

    private Start after(long offset) {
        return new Start.After(new Position(epoch("t"), offset));
    }

    private void assertBegins(Start start, @Nullable Boolean recovered, Long... offsets) {
        Attachment attachment = attach("t", start);
        assertThat(attachment.opened().recovered()).isEqualTo(recovered);
        assertThat(attachment.opened().epoch()).isEqualTo(epoch("t"));
        assertThat(attachment.opened().timestampMillis()).isEqualTo(timers.currentTimeMillis());
        long first = offsets.length > 0
                ? offsets[0]
                : broker.topic("t").orElseThrow().visible();
        assertThat(attachment.opened().offset()).isEqualTo(first);
        assertThat(offsets(attachment)).containsExactly(offsets);
        assertThat(attachment.takeLost()).isZero();
        attachment.close();
    }

    @Test
    void latestBeginsWithWhatComes() {
        publishTimes("t", 3);
        assertBegins(Start.latest(), null);
    }

    @Test
    void earliestBeginsWithTheOldestKept() {
        publishTimes("t", 3);
        assertBegins(Start.earliest(), null, 0L, 1L, 2L);
        publishTimes("t", 5);
        assertBegins(Start.earliest(), null, 3L, 4L, 5L, 6L, 7L);
    }

    @Test
    void lastNBeginsWithAtMostWhatIsKept() {
        publishTimes("t", 8);
        assertBegins(Start.lastN(0), null);
        assertBegins(Start.lastN(2), null, 6L, 7L);
        assertBegins(Start.lastN(1000), null, 3L, 4L, 5L, 6L, 7L);
    }

    @Test
    void anOffsetBeginsThereOrAtTheOldestKeptAfterIt() {
        publishTimes("t", 8);
        assertBegins(new Start.AtOffset(6), null, 6L, 7L);
        assertBegins(new Start.AtOffset(0), null, 3L, 4L, 5L, 6L, 7L);
        assertBegins(new Start.AtOffset(8), null);
        assertBegins(new Start.AtOffset(1000), null);
    }

    @Test
    void aTimeBeginsWithTheFirstMessageNotOlder() {
        publishTimes("t", 8);
        assertBegins(new Start.AtTime(now().minusSeconds(1)), null, 6L, 7L);
        assertBegins(new Start.AtTime(now().minusMillis(999)), null, 7L);
        assertBegins(new Start.AtTime(Instant.EPOCH), null, 3L, 4L, 5L, 6L, 7L);
        assertBegins(new Start.AtTime(now().plusSeconds(1)), null);
    }

    @Test
    void aPositionIsRecoveredWhenNothingAfterItWasForgotten() {
        publishTimes("t", 8);
        assertBegins(after(7), true);
        assertBegins(after(5), true, 6L, 7L);
        assertBegins(after(2), true, 3L, 4L, 5L, 6L, 7L);
        assertBegins(after(1), false, 3L, 4L, 5L, 6L, 7L);
        assertBegins(after(-1), false, 3L, 4L, 5L, 6L, 7L);
    }

    @Test
    void thePositionBeforeTheFirstMessageIsRecoveredWhileAllAreKept() {
        broker.createTopic("t");
        assertBegins(after(-1), true);
        publishTimes("t", 2);
        assertBegins(after(-1), true, 0L, 1L);
    }

    @Test
    void aPositionBeyondTheEndIsNotRecovered() {
        publishTimes("t", 3);
        assertBegins(after(3), false);
        assertBegins(after(Long.MAX_VALUE), false);
    }

    @Test
    void aPositionOfAnotherEpochIsNotRecoveredAndBeginsWithTheOldestKept() {
        publishTimes("t", 8);
        assertBegins(new Start.After(new Position("other", 7)), false, 3L, 4L, 5L, 6L, 7L);
        Start before = after(7);
        broker.deleteTopic("t");
        publishTimes("t", 2);
        assertBegins(before, false, 0L, 1L);
    }

    @Test
    void whatAgeTookAwayIsNotRecovered() {
        broker.createTopic("t", TopicConfig.defaults().withHistoryAge(Duration.ofSeconds(10)));
        publishTimes("t", 2);
        assertBegins(after(-1), true, 0L, 1L);
        timers.advance(Duration.ofSeconds(10));
        assertBegins(after(-1), false, 1L);
        assertBegins(after(0), true, 1L);
    }

    @Test
    void aPatternReplaysAllTopicsMergedByTime() {
        publish("p.a", "p.b", "p.b", "other", "p.a", "p.c");
        assertThat(places(attach("p.*", Start.earliest()))).containsExactly("p.a0", "p.b0", "p.b1", "p.a1", "p.c0");
        assertThat(places(attach("p.*", new Start.AtTime(now().minusSeconds(1)))))
                .containsExactly("p.a1", "p.c0");
        assertThat(places(attach("p.*", new Start.AtOffset(1)))).containsExactly("p.b1", "p.a1");
        assertThat(places(attach("p.*", Start.latest()))).isEmpty();
    }

    @Test
    void theLastNOfAPatternAreTheNewestOfAllTopics() {
        publish("p.a", "p.a", "p.a", "p.b", "p.c", "p.b");
        assertThat(places(attach("p.*", Start.lastN(4)))).containsExactly("p.a2", "p.b0", "p.c0", "p.b1");
        assertThat(places(attach("p.*", Start.lastN(0)))).isEmpty();
        assertThat(places(attach("p.*", Start.lastN(100)))).hasSize(6);
    }

    @Test
    void messagesOfOneTimeAreMergedByTopicThenOffset() {
        for (String topic : List.of("p.b", "p.a", "p.b", "p.a")) {
            broker.publish(topic, "x");
        }
        assertThat(places(attach("p.*", Start.lastN(3)))).containsExactly("p.a1", "p.b0", "p.b1");
        assertThat(places(attach("p.*", Start.earliest()))).containsExactly("p.a0", "p.a1", "p.b0", "p.b1");
    }

    @Test
    void aPatternTellsNoOffsetAndNoEpoch() {
        publish("p.a");
        Attachment.Opened opened = attach("p.*", Start.earliest()).opened();
        assertThat(opened.epoch()).isNull();
        assertThat(opened.offset()).isEqualTo(-1);
        assertThat(opened.recovered()).isNull();
        assertThat(opened.timestampMillis()).isEqualTo(timers.currentTimeMillis());
    }

    private Attachment resume(Instant time, Map<String, Position> positions) {
        return attach("p.*", new Start.AfterAll(time, positions));
    }

    private Position at(String topic, long offset) {
        return new Position(epoch(topic), offset);
    }

    @Test
    void aPatternResumesEachTopicAfterItsPositionAndTheOthersFromTheTime() {
        publish("p.a", "p.a", "p.b");
        Instant begun = now();
        publish("p.a", "p.b", "p.c");
        Attachment resumed = resume(begun, Map.of("p.a", at("p.a", 1)));
        assertThat(resumed.opened().recovered()).isTrue();
        // Inclusive: what was published in the same millisecond may not have been seen.
        assertThat(places(resumed)).containsExactly("p.b0", "p.a2", "p.b1", "p.c0");
    }

    @Test
    void aPatternIsRecoveredOnlyIfEveryTopicIs() {
        publish("p.a", "p.b");
        Instant begun = now().plusMillis(1);
        Map<String, Position> positions = Map.of("p.a", at("p.a", 0), "p.b", at("p.b", 0));
        publishTimes("p.a", 5);
        assertThat(resume(begun, positions).opened().recovered()).isTrue();
        publish("p.a");
        Attachment resumed = resume(begun, positions);
        assertThat(resumed.opened().recovered()).isFalse();
        assertThat(places(resumed)).containsExactly("p.a2", "p.a3", "p.a4", "p.a5", "p.a6");
    }

    @Test
    void aTopicThatIsNotListedIsRecoveredWhenNothingSinceTheTimeWasForgotten() {
        publishTimes("p.a", 3);
        Instant begun = now().plusMillis(1);
        publishTimes("p.a", 5);
        assertThat(resume(begun, Map.of()).opened().recovered()).isTrue();
        publish("p.a");
        assertThat(resume(begun, Map.of()).opened().recovered()).isFalse();
    }

    @Test
    void aListedTopicThatIsGoneIsRecoveredOnlyIfItWasSeenToTheEnd() {
        publish("p.a", "p.a");
        Instant begun = now().plusMillis(1);
        Position last = at("p.a", 1);
        Position earlier = at("p.a", 0);
        broker.deleteTopic("p.a");
        assertThat(resume(begun, Map.of("p.a", last)).opened().recovered()).isTrue();
        assertThat(resume(begun, Map.of("p.a", earlier)).opened().recovered()).isFalse();
        assertThat(resume(begun, Map.of("p.never", new Position("x", 1)))
                        .opened()
                        .recovered())
                .isFalse();
        assertThat(resume(begun, Map.of("elsewhere", new Position("x", 1)))
                        .opened()
                        .recovered())
                .isTrue();
    }

    @Test
    void aTopicThatCameAndWentMeanwhileIsALoss() {
        Instant begun = now();
        publish("p.a", "elsewhere");
        broker.deleteTopic("elsewhere");
        assertThat(resume(begun, Map.of()).opened().recovered()).isTrue();
        broker.deleteTopic("p.a");
        assertThat(resume(begun, Map.of()).opened().recovered()).isFalse();
        timers.advance(Duration.ofSeconds(1));
        assertThat(resume(now(), Map.of()).opened().recovered()).isTrue();
    }

    @Test
    void manyDeletedTopicsAreNotForgottenSilently() {
        Instant begun = now();
        publish("p.a");
        broker.deleteTopic("p.a");
        for (int i = 0; i < 1_000; i++) {
            publish("elsewhere");
            broker.deleteTopic("elsewhere");
        }
        assertThat(resume(begun, Map.of()).opened().recovered()).isFalse();
        assertThat(resume(now().plusMillis(1), Map.of()).opened().recovered()).isTrue();
    }

    @Test
    void aReplayOvertakenByRetentionIsCounted() {
        publishTimes("t", 5);
        Attachment attachment = attach("t", Start.earliest());
        assertThat(attachment.replay(2, 1000, () -> {}))
                .extracting(Message::offset)
                .containsExactly(0L, 1L);
        publishTimes("t", 4);
        assertThat(attachment.replay(2, 1000, () -> {}))
                .extracting(Message::offset)
                .containsExactly(4L, 5L);
        assertThat(attachment.takeLost()).isEqualTo(2);
        assertThat(attachment.takeLost()).isZero();
        assertThat(offsets(attachment)).containsExactly(6L, 7L, 8L);
    }

    @Test
    void theReplayOfAPatternOvertakenByRetentionIsCounted() {
        publishTimes("p.a", 5);
        publish("p.b");
        Attachment attachment = attach("p.*", Start.earliest());
        assertThat(attachment.replay(1, 1000, () -> {}))
                .extracting(Message::offset)
                .containsExactly(0L);
        publishTimes("p.a", 4);
        assertThat(places(attachment)).containsExactly("p.a1", "p.a4", "p.b0");
        assertThat(attachment.takeLost()).isEqualTo(2);
    }

    @Test
    void aPublisherFasterThanTheReplayCantKeepASubscriptionOut() {
        publishTimes("t", 5);
        Cursor cursor = new Cursor();
        Attachment attachment = broker.feeds().attach(Pattern.of("t"), Start.earliest(), kind, cursor);
        publishTimes("t", 3);
        assertThat(attachment.replay(5, 1000, () -> {}))
                .extracting(Message::offset)
                .containsExactly(3L, 4L, 5L, 6L, 7L);
        assertThat(attachment.state()).isEqualTo(State.LIVE);
        publish("t");
        assertThat(cursor.offsets()).containsExactly(8L);
    }

    @Test
    void aTopicThatKeepsNothingLosesNothingForLiveSubscriptions() {
        broker.createTopic("t", TopicConfig.defaults().withHistory(0));
        Cursor cursor = new Cursor();
        Attachment attachment = broker.feeds().attach(Pattern.of("t"), Start.latest(), kind, cursor);
        publishTimes("t", 3);
        assertThat(offsets(attachment)).isEmpty();
        assertThat(cursor.offsets()).containsExactly(0L, 1L, 2L);
        assertThat(attachment.takeLost()).isZero();
    }

    @Test
    void slicesAreBoundedByBytesButNeverEmpty() {
        for (int i = 0; i < 4; i++) {
            broker.publish("t", "12345");
        }
        Attachment attachment = attach("t", Start.earliest());
        assertThat(attachment.replay(100, 10, () -> {})).hasSize(2);
        assertThat(attachment.replay(100, 1, () -> {})).hasSize(1);
        Attachment pattern = attach("*", Start.earliest());
        assertThat(pattern.replay(100, 10, () -> {})).hasSize(2);
        assertThat(pattern.replay(100, 1, () -> {})).hasSize(1);
    }

    @Test
    void theReplayOfADeletedTopicIsHandedOutBeforeItEnds() {
        publishTimes("t", 3);
        Cursor cursor = new Cursor();
        Attachment attachment = broker.feeds().attach(Pattern.of("t"), Start.earliest(), kind, cursor);
        broker.deleteTopic("t");
        publish("t");
        assertThat(offsets(attachment)).containsExactly(0L, 1L, 2L);
        assertThat(attachment.state()).isEqualTo(State.ENDED);
        assertThat(cursor.offsets()).isEmpty();
    }

    @Test
    void startsThatDoNotFitAreRefused() {
        Topic topic = broker.createTopic("t");
        assertRefused(() -> attach("t", new Start.AfterAll(now(), Map.of())), "'t' is one topic");
        assertRefused(() -> attach("*", after(0)), "'*' is a pattern");
        assertRefused(() -> Start.lastN(-1), "-1");
        assertRefused(() -> new Start.AtOffset(-1), "-1");
        assertRefused(() -> new Position("e", -2), "-2");
        assertThat(topic.subscribers()).isZero();
        assertThat(broker.feeds().subscriptions()).isZero();
    }

    private static void assertRefused(Runnable request, String part) {
        assertThatThrownBy(request::run)
                .hasMessageContaining(part)
                .isInstanceOfSatisfying(
                        FanfareException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BAD_REQUEST));
    }
}
