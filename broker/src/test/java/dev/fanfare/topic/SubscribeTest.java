package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Attachment.State;
import dev.fanfare.feed.Pattern;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubscribeTest {

    private final BrokerConfig config = BrokerConfig.defaults()
            .withMaxTopics(20)
            .withMaxSubscribersPerTopic(5)
            .withMaxFeedsPerTopic(4)
            .withMaxPatterns(6);
    private final Broker broker = Broker.open(config);
    private final RecordingKind kind = new RecordingKind();

    @AfterEach
    void close() {
        broker.close();
    }

    private Attachment attach(String pattern) {
        return attach(pattern, new Cursor());
    }

    private Attachment attach(String pattern, Cursor cursor) {
        return broker.feeds().attach(Pattern.of(pattern), Start.latest(), kind, cursor);
    }

    private int subscribers(String topic) {
        return broker.feeds().subscribers(broker.topic(topic).orElseThrow());
    }

    private static void assertLimit(ThrowingCallable request, String limit, int value, String who) {
        assertThatThrownBy(request)
                .hasMessageContaining(limit + " (" + value + ")")
                .hasMessageContaining("'" + who + "'")
                .isInstanceOfSatisfying(
                        FanfareException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LIMIT_REACHED));
    }

    @Test
    void subscribingMakesTheTopicUnlessToldNotTo() {
        attach("orders");
        assertThat(broker.topic("orders")).isPresent();
        try (Broker strict = Broker.open(config.withAutoCreateTopics(false))) {
            assertThatThrownBy(() -> strict.feeds().attach(Pattern.of("orders"), Start.latest(), kind, new Cursor()))
                    .hasMessageContaining("orders")
                    .isInstanceOfSatisfying(
                            FanfareException.class,
                            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.TOPIC_NOT_FOUND));
            strict.feeds()
                    .attach(Pattern.of("*"), Start.latest(), kind, new Cursor())
                    .close();
        }
    }

    @Test
    void countsSubscriptionsByNameAndByPatternAndEachOnceInAll() {
        broker.createTopic("a.1");
        broker.createTopic("a.2");
        Attachment named = attach("a.1");
        Attachment pattern = attach("a.*");
        attach("**");
        assertThat(subscribers("a.1")).isEqualTo(3);
        assertThat(subscribers("a.2")).isEqualTo(2);
        assertThat(broker.feeds().subscriptions()).isEqualTo(3);
        assertThat(broker.feeds().topics()).isEqualTo(2);
        named.close();
        named.close();
        pattern.close();
        assertThat(subscribers("a.1")).isEqualTo(1);
        assertThat(broker.feeds().subscriptions()).isEqualTo(1);
    }

    @Test
    void aPatternHearsTopicsMadeLater() {
        Cursor cursor = new Cursor();
        attach("a.*", cursor);
        broker.publish("a.1", "x");
        broker.publish("b.1", "x");
        broker.publish("a.2", "x");
        assertThat(cursor.frames()).extracting(frame -> frame.topic().name()).containsExactly("a.1", "a.2");
    }

    @Test
    void aPatternLivesOnWhenATopicOfItsIsDeleted() {
        Cursor cursor = new Cursor();
        attach("a.*", cursor);
        broker.publish("a.1", "x");
        broker.deleteTopic("a.1");
        assertThat(cursor.ended()).isFalse();
        broker.publish("a.1", "y");
        assertThat(cursor.offsets()).containsExactly(0L, 0L);
    }

    @Test
    void deletingATopicEndsItsSubscriptionsByName() {
        Cursor cursor = new Cursor();
        Attachment attachment = attach("t", cursor);
        broker.publish("t", "x");
        broker.deleteTopic("t");
        assertThat(cursor.ended()).isTrue();
        broker.publish("t", "y");
        assertThat(cursor.offsets()).containsExactly(0L);
        assertThat(subscribers("t")).isZero();
        attachment.close();
        assertThat(broker.feeds().subscriptions()).isZero();
        assertThat(kind.feed(0).closed).isTrue();
    }

    @Test
    void aClosedSubscriptionHearsNothing() {
        Cursor cursor = new Cursor();
        Attachment attachment = attach("t", cursor);
        Cursor other = new Cursor();
        attach("t", other);
        attachment.close();
        assertThat(attachment.state()).isEqualTo(State.ENDED);
        assertThat(attachment.replay(10, 10, () -> {})).isEmpty();
        broker.publish("t", "x");
        assertThat(cursor.offsets()).isEmpty();
        assertThat(other.offsets()).containsExactly(0L);
    }

    @Test
    void aSubscriptionClosedWhileItReplaysNeverJoins() {
        broker.publish("t", "x");
        for (String pattern : List.of("t", "*")) {
            Cursor cursor = new Cursor();
            Attachment attachment = broker.feeds().attach(Pattern.of(pattern), Start.earliest(), kind, cursor);
            attachment.close();
            assertThat(attachment.replay(10, 10, () -> {})).isEmpty();
            assertThat(attachment.state()).isEqualTo(State.ENDED);
            broker.publish("t", "y");
            assertThat(cursor.offsets()).isEmpty();
        }
    }

    @Test
    void topicsAreLimited() {
        for (int i = 0; i < 20; i++) {
            broker.createTopic("t" + i);
        }
        assertLimit(() -> broker.createTopic("one"), "max-topics", 20, "one");
        assertLimit(() -> attach("one"), "max-topics", 20, "one");
        assertThat(broker.publish("one", "x")).extracting("code").isEqualTo(ErrorCode.LIMIT_REACHED);
        broker.deleteTopic("t0");
        broker.createTopic("one");
    }

    @Test
    void subscriptionsOfATopicAreLimited() {
        Attachment first = attach("t");
        for (int i = 0; i < 3; i++) {
            attach("t");
        }
        attach("*");
        assertLimit(() -> attach("t"), "max-subscribers-per-topic", 5, "t");
        first.close();
        attach("t");
    }

    @Test
    void subscriptionsOfAPatternAreLimited() {
        for (int i = 0; i < 5; i++) {
            attach("*");
        }
        assertLimit(() -> attach("*"), "max-subscribers-per-topic", 5, "*");
    }

    @Test
    void subscriptionsOfPatternsCountForEachTopicTheyMatch() {
        broker.createTopic("a.b");
        broker.createTopic("a.c");
        attach("a.b");
        attach("a.b");
        attach("a.*");
        attach("a.*");
        Attachment last = attach("*.b");
        assertLimit(() -> attach("a.**"), "max-subscribers-per-topic", 5, "a.b");
        assertLimit(() -> attach("a.*"), "max-subscribers-per-topic", 5, "a.b");
        assertThat(subscribers("a.b")).isEqualTo(5);
        assertThat(subscribers("a.c")).isEqualTo(2);
        assertThat(broker.feeds().subscriptions()).isEqualTo(5);
        attach("*.c");
        last.close();
        attach("a.**");
        assertThat(subscribers("a.b")).isEqualTo(5);
    }

    @Test
    void aTopicMadeLaterIsHeardByAllItsPatternsAndTakesNoOneElse() {
        for (int i = 0; i < 3; i++) {
            attach("a.*");
            attach("*.b");
        }
        Cursor cursor = new Cursor();
        attach("**", cursor);
        broker.createTopic("a.b");
        broker.publish("a.b", "m");
        assertThat(subscribers("a.b")).isEqualTo(7);
        assertThat(cursor.offsets()).containsExactly(0L);
        assertLimit(() -> attach("a.b"), "max-subscribers-per-topic", 5, "a.b");
        assertLimit(() -> attach("a.*"), "max-subscribers-per-topic", 5, "a.b");
    }

    @Test
    void feedsOfATopicAreLimited() {
        broker.createTopic("a.b");
        attach("a.b");
        attach("a.*");
        attach("*.b");
        Attachment last = attach("**");
        assertLimit(() -> attach("a.**"), "max-feeds-per-topic", 4, "a.b");
        RecordingKind other = new RecordingKind();
        assertLimit(
                () -> broker.feeds().attach(Pattern.of("a.b"), Start.latest(), other, new Cursor()),
                "max-feeds-per-topic",
                4,
                "a.b");
        last.close();
        attach("a.**");
        assertThat(subscribers("a.b")).isEqualTo(4);
    }

    @Test
    void aTopicThatTooManyPatternsWouldHearIsNotMade() {
        for (String pattern : List.of("a.*", "*.b", "**", "a.**", "*.*")) {
            attach(pattern);
        }
        assertLimit(() -> broker.createTopic("a.b"), "max-feeds-per-topic", 4, "a.b");
        broker.createTopic("x.y");
    }

    @Test
    void distinctPatternsAreLimited() {
        List<Attachment> attachments = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            attachments.add(attach("p" + i + ".*"));
        }
        attach("p0.*");
        assertLimit(() -> attach("p6.*"), "max-patterns", 6, "p6.*");
        attachments.getLast().close();
        attach("p6.*");
    }

    @Test
    void aRefusedSubscriptionLeavesNothingBehind() {
        broker.createTopic("a.b");
        for (String pattern : List.of("a.b", "a.*", "*.b", "**")) {
            attach(pattern);
        }
        int opened = kind.opened();
        assertThatThrownBy(() -> attach("a.**")).isInstanceOf(FanfareException.class);
        assertThat(kind.opened()).isEqualTo(opened);
        assertThat(broker.feeds().subscriptions()).isEqualTo(4);
        assertThat(subscribers("a.b")).isEqualTo(4);
    }

    @Test
    void whoHearsWhatAgreesWithEveryPatternTriedOnEveryName() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        try (Broker free = Broker.open()) {
            List<Attachment> attachments = new ArrayList<>();
            List<Pattern> patterns = new ArrayList<>();
            for (int step = 0; step < 3_000; step++) {
                switch (random.nextInt(5)) {
                    case 0 -> free.deleteTopic(randomName(random, "abc"));
                    case 1, 2 -> {
                        Pattern pattern = Pattern.of(randomName(random, "abc*"));
                        patterns.add(pattern);
                        attachments.add(free.feeds().attach(pattern, Start.latest(), kind, new Cursor()));
                    }
                    case 3 -> {
                        if (!patterns.isEmpty()) {
                            int index = random.nextInt(patterns.size());
                            patterns.remove(index);
                            attachments.remove(index).close();
                        }
                    }
                    default -> free.publish(randomName(random, "abc"), "x").offset();
                }
                if (step % 100 == 0) {
                    free.topics()
                            .forEach(topic -> assertThat(topic.subscribers())
                                    .as("seed %d, topic %s", seed, topic.name())
                                    .isEqualTo((int) countWild(patterns, topic) + named(attachments, patterns, topic)));
                }
            }
        }
    }

    private static long countWild(List<Pattern> patterns, Topic topic) {
        return patterns.stream()
                .filter(Pattern::isWild)
                .filter(pattern -> pattern.matches(topic.name()))
                .count();
    }

    /// A subscription by name hears only the topic that existed when it began.
    private static int named(List<Attachment> attachments, List<Pattern> patterns, Topic topic) {
        int count = 0;
        for (int i = 0; i < patterns.size(); i++) {
            boolean same = topic.epoch().equals(attachments.get(i).opened().epoch());
            count += same ? 1 : 0;
        }
        return count;
    }

    private static String randomName(Random random, String letters) {
        StringBuilder name = new StringBuilder();
        int length = 1 + random.nextInt(3);
        for (int i = 0; i < length; i++) {
            char letter = letters.charAt(random.nextInt(letters.length()));
            name.append(i == 0 ? "" : ".").append(letter);
        }
        if (letters.contains("*") && random.nextInt(4) == 0) {
            name.append(".**");
        }
        return name.toString();
    }

    @Test
    void whatIsPublishedWhileTheTopicIsDeletedIsEitherDeliveredOrRefused() throws Exception {
        for (int round = 0; round < 300; round++) {
            Topic topic = broker.createTopic("t");
            Cursor cursor = new Cursor();
            Attachment attachment = attach("t", cursor);
            CyclicBarrier start = new CyclicBarrier(2);
            var accepted = CompletableFuture.supplyAsync(() -> {
                await(start);
                long count = 0;
                while (topic.publish(Message.text("x")) instanceof Accepted) {
                    count++;
                }
                return count;
            });
            await(start);
            broker.deleteTopic("t");
            assertThat(cursor.offsets()).hasSize((int) topic.visible());
            assertThat(accepted.get(10, TimeUnit.SECONDS)).isEqualTo(topic.visible());
            assertThat(cursor.ended()).isTrue();
            attachment.close();
        }
    }

    @Test
    void whoComesToAPatternWhileAMessageIsHandedOutGetsItOnce() throws Exception {
        Topic topic = broker.createTopic("a");
        RecordingKind slow = new RecordingKind();
        broker.feeds().attach(Pattern.of("a"), Start.latest(), slow, new Cursor());
        attach("*");
        CountDownLatch handingOut = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        slow.feed(0).beforeAppend = () -> {
            handingOut.countDown();
            await(goOn);
        };
        var published = CompletableFuture.supplyAsync(() -> topic.publish(Message.text("m")));
        await(handingOut);
        Cursor cursor = new Cursor();
        FutureTask<Attachment> coming =
                new FutureTask<>(() -> broker.feeds().attach(Pattern.of("*"), Start.earliest(), kind, cursor));
        Thread comes = Thread.ofPlatform().start(coming);
        // For the topic's section.
        while (comes.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        assertThat(published.get(10, TimeUnit.SECONDS)).isInstanceOf(Accepted.class);
        Attachment attachment = coming.get(10, TimeUnit.SECONDS);
        List<Message> seen = new ArrayList<>(Objects.requireNonNull(attachment.replay(10, 1_000, () -> {})));
        cursor.frames().stream()
                .filter(frame -> !attachment.skips(topic, frame.message().offset()))
                .forEach(frame -> seen.add(frame.message()));
        assertThat(seen).extracting(Message::text).containsExactly("m");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
