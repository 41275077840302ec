package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.Wakes;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import dev.fanfare.topic.RecordingKind.Cursor;
import dev.fanfare.topic.RecordingKind.Frame;
import dev.fanfare.topic.RecordingKind.RecordingFeed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PublishTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final Topic orders = broker.createTopic("orders");
    private final RecordingKind kind = new RecordingKind();

    @AfterEach
    void close() {
        broker.close();
    }

    private Cursor subscribe(String pattern) {
        Cursor cursor = new Cursor();
        attach(pattern, cursor);
        return cursor;
    }

    private Attachment attach(String pattern, Cursor cursor) {
        return broker.feeds().attach(Pattern.of(pattern), Start.latest(), kind, cursor);
    }

    private static Accepted accepted(PublishResult result) {
        assertThat(result).isInstanceOf(Accepted.class);
        return (Accepted) result;
    }

    private static Refused refused(PublishResult result) {
        assertThat(result).isInstanceOf(Refused.class);
        return (Refused) result;
    }

    @Test
    void offsetsCountFromZeroPerTopic() {
        assertThat(orders.publish(Message.text("a")).offset()).isZero();
        assertThat(orders.publish(Message.text("b")).offset()).isEqualTo(1);
        assertThat(broker.publish("other", "c").offset()).isZero();
    }

    @Test
    void theAnswerSaysWhereTheMessageIs() {
        Accepted accepted = accepted(orders.publish(Message.text("a").withId("my-id")));
        assertThat(accepted.messageId()).isEqualTo("my-id");
        assertThat(accepted.epoch()).isEqualTo(orders.epoch()).matches("[0-9a-z]{8}");
        assertThat(accepted.timestampMillis()).isEqualTo(timers.currentTimeMillis());
        Message kept = orders.read(0, 1, 0).getFirst();
        assertThat(kept.id()).isEqualTo("my-id");
        assertThat(kept.topic()).isEqualTo("orders");
        assertThat(kept.epoch()).isEqualTo(accepted.epoch());
        assertThat(kept.offset()).isEqualTo(accepted.offset());
        assertThat(kept.timestampMillis()).isEqualTo(accepted.timestampMillis());
    }

    @Test
    void aMessageWithoutAnIdGetsAUuid() {
        String one = accepted(orders.publish(Message.text("a"))).messageId();
        String two = accepted(orders.publish(Message.text("a"))).messageId();
        assertThat(one).isNotEqualTo(two);
        assertThat(UUID.fromString(one).toString()).isEqualTo(one);
        assertThat(UUID.fromString(one).version()).isEqualTo(4);
        assertThat(UUID.fromString(one).variant()).isEqualTo(2);
    }

    @Test
    void everythingThatAMessageCarriesIsKept() {
        Message draft = Message.json("{\"a\":1}")
                .withType("order.created")
                .withKey("customer-1")
                .withHeaders(Map.of("region", "eu"));
        orders.publish(draft);
        Message kept = orders.read(0, 1, 0).getFirst();
        assertThat(kept.payload()).isEqualTo(draft.payload());
        assertThat(kept.type()).isEqualTo("order.created");
        assertThat(kept.key()).isEqualTo("customer-1");
        assertThat(kept.headers()).containsEntry("region", "eu");
    }

    @Test
    void aReceivedMessagePublishedAgainKeepsItsIdAndGetsANewPlace() {
        orders.publish(Message.text("a"));
        orders.publish(Message.text("b").withId("b"));
        Message received = orders.read(1, 1, 0).getFirst();
        Accepted again = accepted(broker.publish("copies", received));
        assertThat(again.messageId()).isEqualTo("b");
        assertThat(again.offset()).isZero();
        assertThat(received.topic()).isEqualTo("orders");
    }

    @Test
    void timestampsNeverFallWithinATopic() {
        List<Message> seen = new ArrayList<>();
        VirtualTimers unsteady = new VirtualTimers();
        try (Broker other = Broker.open(BrokerConfig.defaults().withTimers(new Backwards(unsteady)))) {
            for (int i = 0; i < 10; i++) {
                other.publish("t", "x");
            }
            seen.addAll(other.topic("t").orElseThrow().read(0, 100, 1000));
        }
        assertThat(seen).hasSize(10).extracting(Message::timestampMillis).isSorted();
    }

    @Test
    void everyFeedThatHearsTheTopicGetsTheMessage() {
        Cursor byName = subscribe("orders");
        Cursor byPattern = subscribe("*");
        Cursor other = subscribe("other.*");
        orders.publish(Message.text("a"));
        assertThat(byName.offsets()).containsExactly(0L);
        assertThat(byPattern.offsets()).containsExactly(0L);
        assertThat(other.offsets()).isEmpty();
    }

    @Test
    void subscriptionsOfTheSamePatternAndKindShareAFeed() {
        Cursor one = subscribe("orders");
        Cursor two = subscribe("orders");
        assertThat(kind.opened()).isEqualTo(1);
        orders.publish(Message.text("a"));
        assertThat(one.offsets()).containsExactly(0L);
        assertThat(two.offsets()).containsExactly(0L);
    }

    @Test
    void aMessageIsPreparedOncePerKind() {
        RecordingKind otherKind = new RecordingKind();
        subscribe("orders");
        subscribe("*");
        broker.feeds().attach(Pattern.of("**"), Start.latest(), otherKind, new Cursor());
        orders.publish(Message.text("a"));
        assertThat(kind.prepared).hasValue(1);
        assertThat(otherKind.prepared).hasValue(1);
    }

    @Test
    void nothingIsPreparedWhenNobodyListens() {
        attach("orders", new Cursor()).close();
        orders.publish(Message.text("a"));
        assertThat(kind.prepared).hasValue(0);
    }

    @Test
    void theLastSubscriptionClosesTheFeed() {
        Attachment one = attach("orders", new Cursor());
        Attachment two = attach("orders", new Cursor());
        one.close();
        one.close();
        assertThat(kind.feed(0).closed).isFalse();
        two.close();
        assertThat(kind.feed(0).closed).isTrue();
        subscribe("orders");
        assertThat(kind.opened()).isEqualTo(2);
    }

    @Test
    void feedsAreWokenOncePerPublishOrWhenTheBatchIsFlushed() {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        orders.publish(Message.text("a"));
        assertThat(feed.wakes).isEqualTo(1);
        Wakes wakes = new Wakes();
        for (int i = 0; i < 10; i++) {
            broker.feeds().publish(orders, Message.text("b"), wakes);
        }
        assertThat(feed.wakes).isEqualTo(1);
        assertThat(wakes.flush()).isNull();
        assertThat(feed.wakes).isEqualTo(2);
    }

    @Test
    void theBatchIsToldWhichFeedIsCongested() {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.congested = true;
        Wakes wakes = new Wakes();
        broker.feeds().publish(orders, Message.text("a"), wakes);
        assertThat(wakes.flush()).isSameAs((Feed<?>) feed);
        assertThat(wakes.flush()).isNull();
    }

    @Test
    void aRefusedMessageIsNotAppended() {
        subscribe("orders");
        kind.feed(0).answer = Feed.REFUSE;
        Refused refused = refused(orders.publish(Message.text("a")));
        assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(refused.reason()).contains("orders").contains("queue").contains("refuses");
        assertThat(orders.visible()).isZero();
        assertThatThrownBy(refused::offset).isInstanceOf(FanfareException.class).hasMessage(refused.reason());
        kind.feed(0).answer = Feed.OPEN;
        assertThat(orders.publish(Message.text("a")).offset()).isZero();
    }

    @Test
    void transportsAreToldWhatToWaitForInsteadOfWaiting() {
        subscribe("orders");
        kind.feed(0).answer = 5_000;
        Refused refused = refused(broker.feeds().publish(orders, Message.text("a"), new Wakes()));
        assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(refused.full()).isSameAs((Feed<?>) kind.feed(0));
        assertThat(refused.waitMillis()).isEqualTo(5_000);
    }

    @Test
    void aPublisherWaitsUntilThereIsRoom() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.answer = 5_000;
        var result = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
        awaitWaiting(feed, 1);
        timers.advance(Duration.ofSeconds(4));
        assertThat(result).isNotDone();
        feed.makeRoom();
        assertThat(result.get(10, TimeUnit.SECONDS).offset()).isZero();
        assertThat(timers.pending()).isZero();
    }

    @Test
    void aPublisherIsRefusedWhenTheTimeToWaitIsOver() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.answer = 5_000;
        var result = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
        awaitWaiting(feed, 1);
        timers.advance(Duration.ofSeconds(5));
        assertThat(refused(result.get(10, TimeUnit.SECONDS)).code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(orders.visible()).isZero();
    }

    @Test
    void publishersThatGiveUpLeaveNothingBehindInTheFeed() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.answer = 5_000;
        for (int i = 0; i < 20; i++) {
            var result = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
            awaitPending(1);
            timers.advance(Duration.ofSeconds(5));
            refused(result.get(10, TimeUnit.SECONDS));
        }
        assertThat(feed.waiting()).isEqualTo(1);
    }

    @Test
    void aPublisherThatWouldHaveToMakeTheRoomItselfIsRefusedAtOnce() {
        subscribe("orders");
        kind.feed(0).answer = 5_000;
        kind.feed(0).drainsHere = true;
        Refused refused = refused(orders.publish(Message.text("a")));
        assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(refused.reason()).contains("this thread");
        assertThat(refused.full()).isNull();
    }

    @Test
    void anInterruptedPublisherIsRefusedAndStaysInterrupted() throws Exception {
        subscribe("orders");
        kind.feed(0).answer = 5_000;
        var result = CompletableFuture.supplyAsync(() -> {
            Thread.currentThread().interrupt();
            Refused refused = refused(orders.publish(Message.text("a")));
            return refused.reason() + Thread.interrupted();
        });
        assertThat(result.get(10, TimeUnit.SECONDS)).contains("interrupted").endsWith("true");
    }

    @Test
    void aPublisherWaitsForACongestedFeedButNotForEver() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.congested = true;
        var first = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
        awaitWaiting(feed, 1);
        assertThat(first).isNotDone();
        feed.makeRoom();
        assertThat(first.get(10, TimeUnit.SECONDS).offset()).isZero();
        feed.congested = true;
        var second = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("b")));
        awaitWaiting(feed, 1);
        timers.advance(broker.config().blockTimeout());
        assertThat(second.get(10, TimeUnit.SECONDS).offset()).isEqualTo(1);
    }

    @Test
    void deletingTheTopicReleasesAPublisherThatWaits() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.answer = 5_000;
        var result = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
        awaitWaiting(feed, 1);
        broker.deleteTopic("orders");
        assertThat(refused(result.get(10, TimeUnit.SECONDS)).code()).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
    }

    @Test
    void closingTheBrokerReleasesAPublisherThatWaits() throws Exception {
        subscribe("orders");
        RecordingFeed feed = kind.feed(0);
        feed.answer = 5_000;
        var result = CompletableFuture.supplyAsync(() -> orders.publish(Message.text("a")));
        awaitWaiting(feed, 1);
        broker.close();
        assertThat(refused(result.get(10, TimeUnit.SECONDS)).code()).isEqualTo(ErrorCode.SHUTTING_DOWN);
    }

    @Test
    void aFeedThatFailsKeepsTheMessageFromNoOther() {
        Cursor before = subscribe("orders");
        Cursor broken = subscribe("*");
        Cursor after = subscribe("**");
        kind.feed(1).close();
        assertThatThrownBy(() -> orders.publish(Message.text("a"))).hasRootCauseMessage("appended to a closed feed");
        assertThat(before.offsets()).containsExactly(0L);
        assertThat(broken.offsets()).isEmpty();
        assertThat(after.offsets()).containsExactly(0L);
        assertThat(orders.visible()).isEqualTo(1);
    }

    /// Whoever hears a message may look for it, or acknowledge it by its offset, before its publisher is answered.
    @Test
    void whatIsHandedToFeedsCanBeReadByThen() {
        try (Broker stored =
                Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(new MemoryStore()))) {
            stored.createTopic("memory");
            stored.createTopic("written", TopicConfig.defaults().withDurability(Durability.WRITTEN));
            stored.createTopic("synced", TopicConfig.defaults().withDurability(Durability.SYNCED));
            TopicConfig global = TopicConfig.defaults().withOrdering(Ordering.GLOBAL);
            stored.createTopic("one", global);
            stored.createTopic("two", global.withDurability(Durability.WRITTEN));
            Cursor cursor = new Cursor();
            stored.feeds().attach(Pattern.of("*"), Start.latest(), kind, cursor);
            List<String> names = List.of("memory", "written", "synced", "one", "two");
            names.forEach(name -> accepted(stored.publish(name, "alone")));
            Transaction together = stored.transaction();
            names.forEach(name -> together.publish(name, Message.text("together")));
            assertThat(together.commit().committed()).isTrue();
            Transaction inMemory = stored.transaction().publish("memory", "a").publish("one", "b");
            assertThat(inMemory.commit().committed()).isTrue();
            assertThat(cursor.frames()).hasSize(12).allMatch(Frame::readable);
        }
    }

    private void awaitWaiting(RecordingFeed feed, int count) {
        awaitPending(1);
        while (feed.waiting() < count) {
            Thread.onSpinWait();
        }
    }

    /// The time-out is scheduled just before the feed is asked.
    private void awaitPending(int count) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (timers.pending() < count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
