package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Route;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Rules that redirect.
class RedirectTest {

    private final Broker broker = Broker.open();

    @AfterEach
    void close() {
        broker.close();
    }

    private Topic topic(String name) {
        return broker.topic(name).orElseThrow();
    }

    @Test
    void theMessageIsOnlyInTheTargetsAndTheAnswerIsTheFirstOnes() throws Exception {
        broker.publish("new", "older");
        broker.routes().add(Route.redirect("moved", "old", "new", "spare"));
        Heard old = Heard.on(broker, "old");
        Heard spare = Heard.on(broker, "spare");

        PublishResult.Accepted accepted = (PublishResult.Accepted) broker.publish("old", Message.text("one"));

        assertThat(accepted.epoch()).isEqualTo(topic("new").epoch());
        assertThat(accepted.offset()).isEqualTo(1);
        Message second = spare.next();
        assertThat(second.id()).isEqualTo(accepted.messageId());
        assertThat(second.offset()).isZero();
        assertThat(topic("old").visible()).isZero();
        assertThat(old.isEmpty()).isTrue();
        assertThat(broker.routes().stats().getFirst().routed()).isEqualTo(2);
    }

    @Test
    void redirectsAreFollowedAndCopiesOfTheSourceAreNotMade() throws Exception {
        broker.routes().add(Route.redirect("1", "a", "b"));
        broker.routes().add(Route.redirect("2", "b", "c"));
        broker.routes().add(Route.copy("3", "a", "of-a"));
        broker.routes().add(Route.copy("4", "c", "of-c"));
        Heard ofC = Heard.on(broker, "of-c");

        PublishResult.Accepted accepted = (PublishResult.Accepted) broker.publish("a", "one");

        assertThat(accepted.epoch()).isEqualTo(topic("c").epoch());
        assertThat(ofC.texts(1)).containsExactly("one");
        assertThat(topic("b").visible()).isZero();
        assertThat(broker.topic("of-a")).isEmpty();
    }

    @Test
    void aRedirectMayTakeSomeAndLeaveTheRest() {
        broker.routes()
                .add(Route.redirect("r", "old", "new").when(Filter.types("a").and(Filter.header("h", "1"))));

        broker.publish("old", Message.text("1").withType("a"));
        broker.publish("old", Message.text("2").withType("a").withHeaders(Map.of("h", "1")));

        assertThat(topic("old").read(0, 9, 99)).extracting(Message::text).containsExactly("1");
        assertThat(topic("new").read(0, 9, 99)).extracting(Message::text).containsExactly("2");
        assertThatThrownBy(() -> Route.redirect("r", "old", "new").when(message -> true))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("copy");
    }

    @Test
    void aRemovedRuleLeavesTheMessagesWhereTheyAre() {
        broker.routes().add(Route.redirect("moved", "old.*", "new"));
        broker.publish("old.x", "one");
        broker.routes().remove("moved");
        broker.publish("old.x", "two");

        assertThat(topic("old.x").visible()).isEqualTo(1);
        assertThat(topic("new").visible()).isEqualTo(1);
    }

    @Test
    void whatTheFirstTargetRefusesThePublisherIsTold() {
        try (Broker strict = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false))) {
            strict.createTopic("old");
            strict.createTopic("spare");
            strict.routes().add(Route.redirect("moved", "old", "new", "spare"));

            assertThat(strict.publish("old", "one")).isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
                assertThat(refused.reason()).contains("moved", "'old'", "'new'");
            });
            assertThat(strict.topic("old").orElseThrow().visible()).isZero();
            assertThat(strict.topic("spare").orElseThrow().visible()).isZero();
            assertThat(strict.routes().stats().getFirst().failed()).isEqualTo(1);

            strict.createTopic("new");
            strict.deleteTopic("spare");
            assertThat(strict.publish("old", "two")).isInstanceOf(PublishResult.Accepted.class);
            assertThat(strict.routes().stats().getFirst().failed()).isEqualTo(2);
        }
    }

    @Test
    void aPublisherWaitsForRoomInTheTarget() throws Exception {
        broker.routes().add(Route.redirect("moved", "old", "new"));
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(20);
        broker.subscription("new")
                .queue(2)
                .overflow(Overflow.block(Duration.ofSeconds(20)))
                .handle(message -> {
                    open.await();
                    all.countDown();
                });
        Topic old = broker.createTopic("old");
        Thread publisher = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 20; i++) {
                broker.publish("old", "m" + i).offset();
            }
        });
        Wakes wakes = new Wakes();
        PublishResult result;
        do {
            // A transport is told what to wait for instead.
            result = broker.feeds().publish(old, Message.text("t"), wakes);
        } while (result instanceof PublishResult.Accepted);
        assertThat(result).isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
            Feed<?> full = refused.full();
            assertThat(full).isNotNull();
            assertThat(refused.reason()).contains("moved");
        });
        open.countDown();
        wakes.flush();

        assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
        publisher.join();
    }
}
