package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One random history, and what must hold in it:
///
/// - nothing acknowledged is delivered again, to anybody of the same subscription or group;
/// - a message of a key is delivered only when all before it of that key are done;
/// - nothing is delivered while a circuit breaker is open, and no attempt is counted;
/// - in the end every message is acknowledged or a dead letter, for every subscription and group, never both;
/// - the figures add up.
final class Simulation implements AutoCloseable {

    private static final List<String> TOPICS = List.of("a.plain", "a.partitioned", "b");
    private static final int STEPS = 150;
    private static final int KEYS = 4;

    /// A message of a topic.
    private record Place(String topic, long offset) {}

    /// A backlog as the model sees it.
    private static final class Shared {
        final String name;
        final String pattern;
        final AcknowledgedBuilder builder;
        final boolean ordered;
        final List<Receiver> members = new ArrayList<>();
        final Map<Place, Message> expected = new HashMap<>();
        final Set<Place> acknowledged = new HashSet<>();
        final Map<Object, TreeMap<Long, Place>> lanes = new HashMap<>();

        Shared(String name, String pattern, AcknowledgedBuilder builder, boolean ordered) {
            this.name = name;
            this.pattern = pattern;
            this.builder = builder;
            this.ordered = ordered;
        }

        @Nullable
        Object lane(Message message) {
            return ordered ? message.topic() : message.key() == null ? null : message.topic() + "\n" + message.key();
        }
    }

    private record Held(Shared shared, Receiver member, Delivery delivery) {}

    private final Random random;
    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withDeadLetters(TopicConfig.defaults().withHistory(10_000)));
    private final List<Shared> all = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private int published;

    Simulation(long seed) {
        random = new Random(seed);
        broker.createTopic("a.plain");
        broker.createTopic("a.partitioned", TopicConfig.defaults().withPartitions(1 + random.nextInt(3)));
        broker.createTopic("b");
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            add(i);
        }
    }

    private void add(int i) {
        String pattern = List.of("a.plain", "a.*", "**", "b").get(random.nextInt(4));
        boolean ordered = random.nextInt(4) == 0;
        AcknowledgedBuilder builder = broker.subscription(pattern)
                .acknowledged()
                .maxInFlight(1 + random.nextInt(5))
                .ackTimeout(Duration.ofMillis(1_000))
                .retry(RetryPolicy.exponential(1 + random.nextInt(4), Duration.ofMillis(100), 2, Duration.ofSeconds(1)))
                .expiry(Duration.ofDays(300));
        if (ordered) {
            builder.ordered();
        }
        if (random.nextBoolean()) {
            builder.circuitBreaker(breaker());
        }
        String name = "s" + i;
        if (random.nextBoolean()) {
            builder.group(name);
        } else {
            builder.durable(name);
        }
        Shared shared = new Shared(name, pattern, builder, ordered);
        shared.members.add(builder.receive());
        all.add(shared);
    }

    private CircuitBreaker breaker() {
        int window = 1 + random.nextInt(6);
        return new CircuitBreaker(
                20 + random.nextInt(80),
                Duration.ofMillis(random.nextInt(600)),
                20 + random.nextInt(80),
                1 + random.nextInt(window),
                window,
                Duration.ofMillis(1 + random.nextInt(3_000)),
                1 + random.nextInt(3));
    }

    @Override
    public void close() {
        broker.close(Duration.ZERO);
    }

    void run() throws InterruptedException {
        for (int i = 0; i < STEPS; i++) {
            step();
        }
        finish();
    }

    private void step() throws InterruptedException {
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> publish();
            case 3, 4, 5 -> receive();
            case 6, 7 -> acknowledge();
            case 8 -> fail();
            case 9 -> timers.advance(Duration.ofMillis(random.nextInt(1_500)));
            case 10 -> join();
            default -> leave();
        }
    }

    private void publish() {
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        Message draft = Message.text("" + published++);
        if (random.nextBoolean()) {
            draft = draft.withKey("k" + random.nextInt(KEYS));
        }
        PublishResult result = broker.publish(topic, draft);
        Message stored = draft.stored("", topic, "", result.offset(), 0);
        for (Shared shared : all) {
            if (dev.fanfare.feed.Pattern.of(shared.pattern).matches(topic)) {
                Place place = new Place(topic, stored.offset());
                shared.expected.put(place, stored);
                Object lane = shared.lane(stored);
                if (lane != null) {
                    shared.lanes.computeIfAbsent(lane, made -> new TreeMap<>()).put(stored.offset(), place);
                }
            }
            settle(shared);
        }
    }

    /// Waits until what was published has come in: from then on nothing happens by itself.
    private static void settle(Shared shared) {
        Backlog backlog = ((Attached) shared.members.getFirst()).backlog();
        while (backlog.unread() > 0) {
            Thread.onSpinWait();
        }
    }

    private Shared any() {
        return all.get(random.nextInt(all.size()));
    }

    private void receive() throws InterruptedException {
        Shared shared = any();
        receive(shared, shared.members.get(random.nextInt(shared.members.size())), 1 + random.nextInt(3));
    }

    private int receive(Shared shared, Receiver member, int max) throws InterruptedException {
        CircuitBreaker.State before = member.figures().circuit();
        List<Delivery> taken = member.receive(max, Duration.ZERO);
        if (before == CircuitBreaker.State.OPEN) {
            assertThat(taken)
                    .as(shared.name + " gets nothing while its circuit is open")
                    .isEmpty();
        }
        for (Delivery delivery : taken) {
            check(shared, delivery);
            held.add(new Held(shared, member, delivery));
        }
        return taken.size();
    }

    private void check(Shared shared, Delivery delivery) {
        Message message = delivery.message();
        Place place = new Place(message.topic(), message.offset());
        assertThat(shared.expected).as(shared.name + " may get " + place).containsKey(place);
        assertThat(shared.acknowledged)
                .as(shared.name + " has acknowledged already")
                .doesNotContain(place);
        Object lane = shared.lane(message);
        if (lane != null) {
            Set<Place> dead = dead(shared);
            for (Place before : shared.lanes
                    .getOrDefault(lane, new TreeMap<>())
                    .headMap(message.offset())
                    .values()) {
                assertThat(shared.acknowledged.contains(before) || dead.contains(before))
                        .as(shared.name + " gets " + place + " of lane " + lane + " while " + before + " is not done")
                        .isTrue();
            }
        }
    }

    private Set<Place> dead(Shared shared) {
        Set<Place> found = new HashSet<>();
        for (String topic : TOPICS) {
            for (DeadLetter letter : broker.deadLetters(topic).list(0, 10_000)) {
                if (letter.subscription().equals(shared.name)) {
                    assertThat(found.add(new Place(
                                    letter.message().topic(), letter.message().offset())))
                            .as("a dead letter once only")
                            .isTrue();
                }
            }
        }
        return found;
    }

    private void acknowledge() {
        if (!held.isEmpty()) {
            acknowledge(held.remove(random.nextInt(held.size())));
        }
    }

    private void acknowledge(Held one) {
        Message message = one.delivery.message();
        Place place = new Place(message.topic(), message.offset());
        if (one.delivery.ack()) {
            assertThat(one.shared.acknowledged.add(place))
                    .as(one.shared.name + " acknowledges " + place + " once")
                    .isTrue();
        }
    }

    private void fail() {
        if (held.isEmpty()) {
            return;
        }
        Held one = held.remove(random.nextInt(held.size()));
        switch (random.nextInt(3)) {
            case 0 -> one.delivery.nack();
            case 1 -> one.delivery.nack(Duration.ofMillis(random.nextInt(500)));
            default -> one.delivery.reject("by chance");
        }
        // It may be tried again all the same, late.
        if (random.nextInt(4) == 0) {
            held.add(one);
        }
    }

    private void join() {
        Shared shared = any();
        if (shared.members.size() < 4) {
            Receiver joined = shared.builder.receive();
            // A durable name has one member only: the newest.
            shared.members.removeIf(member -> member.ended().isPresent());
            shared.members.add(joined);
        }
    }

    private void leave() {
        Shared shared = any();
        shared.members.get(random.nextInt(shared.members.size())).close();
        shared.members.removeIf(member -> member.ended().isPresent());
        if (shared.members.isEmpty()) {
            shared.members.add(shared.builder.receive());
        }
    }

    private void finish() throws InterruptedException {
        while (!held.isEmpty()) {
            acknowledge();
        }
        for (Shared shared : all) {
            int quiet = 0;
            while (quiet < 10) {
                int got = 0;
                for (Receiver member : shared.members) {
                    got += receive(shared, member, 100);
                }
                held.forEach(this::acknowledge);
                held.clear();
                quiet = got == 0 ? quiet + 1 : 0;
                if (got == 0) {
                    timers.advance(Duration.ofSeconds(1));
                }
            }
            verify(shared);
        }
    }

    private void verify(Shared shared) {
        Set<Place> dead = dead(shared);
        assertThat(dead).as("dead though acknowledged").noneMatch(shared.acknowledged::contains);
        Set<Place> done = new HashSet<>(shared.acknowledged);
        done.addAll(dead);
        assertThat(done).as("what " + shared.name + " has done").isEqualTo(shared.expected.keySet());
        AcknowledgedSubscription.Figures figures = shared.members.getFirst().figures();
        assertThat(figures.delivered()).isEqualTo(shared.acknowledged.size());
        assertThat(figures.deadLettered()).isEqualTo(dead.size());
        assertThat(figures.lag()).isZero();
        assertThat(figures.inFlight()).isZero();
        assertThat(figures.dropped()).isZero();
    }
}
