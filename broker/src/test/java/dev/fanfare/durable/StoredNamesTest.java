package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.TopicConfig;
import dev.fanfare.delivery.Demand;
import dev.fanfare.delivery.Kind;
import dev.fanfare.delivery.Member;
import dev.fanfare.delivery.Terms;
import dev.fanfare.delivery.Worker;
import dev.fanfare.feed.Pattern;
import dev.fanfare.store.StoreException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A name stands for what its users were told that it stands for, whoever else comes with it and whatever fails.
class StoredNamesTest extends Restarts {

    @BeforeEach
    void makeTopic() {
        broker.createTopic("jobs", TopicConfig.defaults().withDurability(Durability.WRITTEN));
    }

    private Receiver group(String name) {
        return broker.subscription("jobs").acknowledged().group(name).receive();
    }

    private Receiver own(String name) {
        return broker.subscription("jobs").name(name).acknowledged().receive();
    }

    private void publish(String text) {
        assertThat(broker.publish("jobs", text)).isInstanceOf(Accepted.class);
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    private Set<String> names() {
        Set<String> names = new TreeSet<>();
        broker.stats().acknowledged().stream()
                .map(AcknowledgedSubscription.Figures::name)
                .forEach(names::add);
        return names;
    }

    @Test
    void aSubscriptionOfItsOwnTakesNoNameToWhichSomebodyMayComeBack() throws Exception {
        group("workers").close();
        publish("a");
        kill();
        Receiver mine = own("workers");
        assertThat(names()).containsExactly("workers", "workers#2");
        assertThat(next(group("workers")).message().text()).isEqualTo("a");
        mine.close();
    }

    @Test
    void ofTwoWhoWantANameAtOnceNeitherLosesWhatIsStoredOfIt() throws Exception {
        List<String> stored = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            group("g" + i).close();
            stored.add("g" + i);
        }
        kill();
        Set<String> cameBack = new ConcurrentSkipListSet<>();
        CyclicBarrier both = new CyclicBarrier(2);
        List<Thread> threads = new ArrayList<>();
        threads.add(Thread.ofVirtual()
                .start(() -> stored.forEach(name -> {
                    await(both);
                    own(name);
                })));
        threads.add(Thread.ofVirtual()
                .start(() -> stored.forEach(name -> {
                    await(both);
                    group(name);
                    cameBack.add(name);
                })));
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(cameBack).containsExactlyInAnyOrderElementsOf(stored);
        kill();
        assertThat(names()).containsExactlyInAnyOrderElementsOf(stored);
    }

    private static void await(CyclicBarrier both) {
        try {
            both.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /// The store is tried again a second after its failure was noted, which may be later than it was told.
    private void untilItTakes(String text) {
        while (!(broker.publish("jobs", text) instanceof Accepted)) {
            timers.advance(Duration.ofMillis(100));
        }
    }

    @Test
    void aNameThatWasRefusedStandsForNothing() throws Exception {
        store.failNextWrite(Reason.FAILED, true);
        assertThatThrownBy(() -> group("workers")).isInstanceOf(FanfareException.class);
        assertThat(names()).isEmpty();
        untilItTakes("before");
        // With other terms: it is new.
        Receiver anew =
                broker.subscription("jobs").acknowledged().durable("workers").receive();
        publish("a");
        assertThat(next(anew).message().text()).isEqualTo("a");
        kill();
        assertThat(names()).containsExactly("workers");
        store.failNextWrite(Reason.FAILED, true);
        assertThatThrownBy(() -> group("others")).isInstanceOf(FanfareException.class);
        untilItTakes("b");
        kill();
        assertThat(names()).containsExactly("workers");
    }

    @Test
    void aNameThatIsRefusedIsFreeBeforeAnybodyHearsOfIt() {
        Terms terms = new Terms(
                Pattern.of("jobs"),
                Duration.ofSeconds(30),
                RetryPolicy.none(),
                null,
                false,
                false,
                false,
                0,
                0,
                Overflow.refuse(),
                Duration.ZERO,
                null,
                null);
        List<Set<String>> heard = new ArrayList<>();
        store.failNextWrite(Reason.FAILED, false);
        Member member = broker.deliveries()
                .attach(new Demand(Kind.GROUP, "workers", terms, Start.latest(), "m", 10, null), new Worker() {
                    @Override
                    public boolean available() {
                        return false;
                    }

                    @Override
                    public void ended(SubscriptionEnd why) {
                        heard.add(names());
                    }
                });
        assertThat(Objects.requireNonNull(member.established()).await()).isNotNull();
        member.leave();
        assertThat(heard).containsExactly(Set.of());
    }

    @Test
    void whatComesAfterTheProcessEndedIsNoRepeat() throws Exception {
        Receiver before = group("workers");
        publish("a");
        next(before).ack();
        publish("b");
        next(before);
        kill();
        publish("c");
        Receiver after = group("workers");
        assertThat(next(after).attempt()).isEqualTo(2);
        assertThat(next(after).attempt()).isEqualTo(1);
    }
}
