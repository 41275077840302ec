package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is not done of a deleted topic is forgotten, whatever happens elsewhere.
@Timeout(60)
class ForgettingTest {

    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(new VirtualTimers()));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    /// Fails when it is told that there is something.
    private static final class Broken implements Worker {
        final CountDownLatch told = new CountDownLatch(1);

        @Override
        public boolean available() {
            told.countDown();
            throw new IllegalStateException("it is broken");
        }

        @Override
        public void ended(SubscriptionEnd why) {}
    }

    @Test
    void aReceiverThatFailsKeepsNothingFromBeingForgotten() throws Exception {
        Receiver others =
                broker.subscription("b.*").acknowledged().group("others").receive();
        broker.publish("b.1", "left");
        GroupTest.await(others, 1);
        Receiver shared =
                broker.subscription("a.*").acknowledged().group("shared").receive();
        Broken broken = new Broken();
        Member member = ((Attached) shared).backlog().join("broken", 1, Duration.ZERO, broken);
        assertThat(member).isNotNull();
        broker.publish("a.1", "first");
        GroupTest.await(shared, 1);
        assertThat(member.take(10)).as("it wants more, and has no room").hasSize(1);
        broker.publish("a.2", "second");
        GroupTest.await(shared, 2);

        broker.deleteTopic("a.1");
        broken.told.await();
        broker.deleteTopic("b.1");
        GroupTest.await(others, 0);
    }

    /// Notes what is not done when it is told that there is something.
    private static final class Watching implements Worker {
        private final Receiver watched;
        final CompletableFuture<Long> lag = new CompletableFuture<>();

        Watching(Receiver watched) {
            this.watched = watched;
        }

        @Override
        public boolean available() {
            lag.complete(watched.figures().lag());
            return true;
        }

        @Override
        public void ended(SubscriptionEnd why) {}
    }

    @Test
    void membersHaveTheirTurnWhileManyAreForgotten() throws Exception {
        int parts = 3;
        int gone = parts * Backlog.FORGOTTEN_AT_ONCE;
        Receiver shared =
                broker.subscription("a.*").acknowledged().group("shared").receive();
        Watching watching = new Watching(shared);
        Member member = ((Attached) shared).backlog().join("watching", 1, Duration.ZERO, watching);
        assertThat(member).isNotNull();
        for (int i = 0; i < gone; i++) {
            broker.publish("a.gone", Message.text("m").withKey("" + i % 7));
        }
        broker.publish("a.stays", "m");
        GroupTest.await(shared, gone + 1);
        assertThat(member.take(10)).hasSize(1);

        broker.deleteTopic("a.gone");
        assertThat(watching.lag.get()).isEqualTo(gone + 1L - Backlog.FORGOTTEN_AT_ONCE);
        GroupTest.await(shared, 1);
        assertThat(Objects.requireNonNull(shared.receive()).message().topic()).isEqualTo("a.stays");
        assertThat(shared.figures().dropped()).isEqualTo(gone);
    }
}
