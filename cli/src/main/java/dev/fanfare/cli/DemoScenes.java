package dev.fanfare.cli;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.cli.DemoFigures.Check;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// The scenes of `fanfare demo`. Each has its own topics, waits for what it shows, and says what the broker must have
/// counted.
final class DemoScenes {

    private static final int SECONDS_MAX = 20;
    private static final int MANY = 20;
    private static final int BATCH = 10;

    private final Broker broker;
    private final DemoEvents events;
    private final DemoScreen screen;
    private final Duration retryDelay;
    private final Duration linger;
    private final List<DemoFigures> figures = new ArrayList<>();

    DemoScenes(Broker broker, DemoEvents events, DemoScreen screen, boolean fast) {
        this.broker = broker;
        this.events = events;
        this.screen = screen;
        this.retryDelay = Duration.ofMillis(fast ? 5 : 200);
        this.linger = Duration.ofMillis(fast ? 50 : 300);
    }

    /// All scenes.
    ///
    /// @return what the broker counted, with what it should have
    List<DemoFigures> play() throws InterruptedException {
        screen.title("Fanfare: publish/subscribe for the JVM. A broker in this process, five scenes.");
        greetings();
        payments();
        news();
        telemetry();
        pressure();
        invoices();
        return figures;
    }

    private void greetings() throws InterruptedException {
        screen.scene(1, "Set up, publish, subscribe");
        screen.code("broker.createTopic(\"greetings\")");
        broker.createTopic("greetings");
        events.await(1, event -> event instanceof BrokerEvent.TopicCreated);
        screen.code("broker.subscribe(\"greetings\", handler)");
        Subscription guest = named("greetings", "guest");
        for (String text : List.of("hello", "bonjour", "hola")) {
            screen.code("broker.publish(\"greetings\", \"" + text + "\")");
            broker.publish("greetings", text);
            events.awaitDelivered(1);
        }
        screen.note("A message is appended once; the subscription is a cursor that moved over it.");
        settle(() -> guest.delivered() == 3);
        DemoFigures counted = count("greetings");
        add(
                counted,
                new Check("published", 3, counted.published()),
                new Check("delivered, 3 x 1 subscription,", 3, counted.delivered()),
                new Check("the subscription's own count", 3, guest.delivered()));
        guest.close();
    }

    private void payments() throws InterruptedException {
        screen.scene(2, "Failure, retry, success");
        screen.code("subscription(\"payments\").acknowledged().retry(exponential(5, " + DemoEvents.millis(retryDelay)
                + ", x 2))");
        AtomicInteger failures = new AtomicInteger();
        var bank = broker.subscription("payments")
                .name("bank")
                .acknowledged()
                .retry(RetryPolicy.exponential(5, retryDelay, 2, Duration.ofSeconds(2)))
                .handle(message -> {
                    if (message.text().equals("20 EUR") && failures.incrementAndGet() <= 2) {
                        throw new IllegalStateException("the bank does not answer");
                    }
                });
        Subscription receipts = named("payments", "receipts");
        screen.code("publish three payments; the bank fails twice at the second");
        for (String text : List.of("10 EUR", "20 EUR", "30 EUR")) {
            broker.publish("payments", text);
        }
        events.awaitDelivered(6);
        screen.note("Tried again only where it failed: 'receipts' got each payment once.");
        settle(() -> bank.figures().lag() == 0 && receipts.delivered() == 3);
        AcknowledgedSubscription.Figures done = bank.figures();
        DemoFigures counted = count("payments");
        add(
                counted,
                new Check("delivered, 3 x 2 subscriptions,", 6, counted.delivered()),
                new Check("acknowledged by the bank", 3, done.delivered()),
                new Check("failed attempts", 2, counted.failed()),
                new Check("retries", 2, done.retried()),
                new Check("delivered to the other subscription", 3, receipts.delivered()),
                new Check("dead letters", 0, counted.dead()));
        receipts.close();
    }

    private void news() throws InterruptedException {
        screen.scene(3, "Several subscribers, broadcast");
        screen.code("subscriptions: news.sport, news.**, news.weather");
        Subscription sport = named("news.sport", "sport");
        Subscription archive = broker.subscription("news.**")
                .name("archive")
                .dispatch(Dispatch.loop())
                .handle(message -> {});
        Subscription sailors = named("news.weather", "sailors");
        screen.code("publish two messages to news.sport, one to news.weather");
        broker.publish("news.sport", "2:0");
        broker.publish("news.sport", "3:0");
        broker.publish("news.weather", "storm");
        events.awaitDelivered(2 + 3 + 1);
        screen.code("a latecomer: subscription(\"news.sport\").start(Start.lastN(1))");
        Subscription late = broker.subscription("news.sport")
                .name("latecomer")
                .start(Start.lastN(1))
                .handle(message -> {});
        events.awaitDelivered(1);
        screen.note("One append each, whoever listens. Who comes late begins in the history.");
        settle(() -> sport.delivered() + archive.delivered() + sailors.delivered() + late.delivered() == 7);
        DemoFigures sports = count("news.sport");
        DemoFigures weather = count("news.weather");
        add(
                sports,
                new Check("delivered, 2 to sport + 2 to archive + 1 replayed,", 5, sports.delivered()),
                new Check("delivered to sport", 2, sport.delivered()),
                new Check("replayed for the latecomer", 1, late.delivered()));
        add(
                weather,
                new Check("delivered, 1 to archive + 1 to sailors,", 2, weather.delivered()),
                new Check("delivered to sailors", 1, sailors.delivered()));
        List.of(sport, archive, sailors, late).forEach(Subscription::close);
    }

    private void telemetry() throws InterruptedException {
        screen.scene(4, "Strategy swap: from batched to immediate, while messages flow");
        AtomicInteger calls = new AtomicInteger();
        screen.code("delivery(DeliveryStrategy.batched(" + BATCH + ", " + DemoEvents.millis(linger) + "))");
        Subscription meter = broker.subscription("telemetry")
                .name("meter")
                .delivery(DeliveryStrategy.batched(BATCH, linger))
                .handleBatch(batch -> calls.incrementAndGet());
        screen.code("publish " + MANY + " messages, and three that do not fill a batch");
        for (int i = 0; i < MANY; i++) {
            broker.publish("telemetry", "reading " + i);
            if ((i + 1) % BATCH == 0) {
                events.passDelivered(BATCH);
            }
        }
        publishReadings(MANY, 3);
        events.passDelivered(3);
        int batched = calls.get();
        screen.code("subscription.delivery(DeliveryStrategy.immediate())");
        meter.delivery(DeliveryStrategy.immediate());
        events.await(1, event -> event instanceof BrokerEvent.StrategySwapped);
        for (int i = 0; i < 3; i++) {
            publishReadings(MANY + 3 + i, 1);
            events.awaitDelivered(1);
        }
        screen.note("%d messages in %d calls, then 3 in %d: none lost, repeated or reordered."
                .formatted(MANY + 3, batched, calls.get() - batched));
        settle(() -> meter.delivered() == MANY + 6);
        DemoFigures counted = count("telemetry");
        double average = broker.stats().topic("telemetry").orElseThrow().averageBatch();
        add(
                counted,
                new Check("delivered, all that were published,", counted.published(), counted.delivered()),
                new Check("calls, delivered / average batch,", calls.get(), Math.round(counted.delivered() / average)),
                new Check("calls while it was immediate", 3, calls.get() - batched));
        meter.close();
    }

    private void publishReadings(int from, int count) {
        for (int i = from; i < from + count; i++) {
            broker.publish("telemetry", "reading " + i);
        }
    }

    private void pressure() throws InterruptedException {
        screen.scene(5, "Back pressure and dead letters");
        CountDownLatch gate = new CountDownLatch(1);
        screen.code("a stalled subscription: queue(4).overflow(Overflow.dropOldest())");
        Subscription chart = stalled("prices", "chart", Overflow.dropOldest(), gate);
        screen.code("publish " + MANY + " prices");
        for (int i = 0; i < MANY; i++) {
            broker.publish("prices", "price " + i);
        }
        screen.code("another: queue(4).overflow(Overflow.refuse())");
        Subscription press = stalled("jobs", "press", Overflow.refuse(), gate);
        int refused = 0;
        for (int i = 0; i < MANY; i++) {
            if (broker.publish("jobs", "job " + i) instanceof PublishResult.Refused) {
                refused++;
            }
        }
        screen.code("publish " + MANY + " jobs: " + (MANY - refused) + " accepted, " + refused + " refused");
        AtomicBoolean told = new AtomicBoolean();
        events.await(1, event -> event instanceof BrokerEvent.Backpressure && told.compareAndSet(false, true));
        screen.code("the subscribers go on");
        gate.countDown();
        settle(() -> chart.lag() == 0 && press.lag() == 0 && chart.delivered() + chart.dropped() == MANY);
        events.awaitDelivered(Math.toIntExact(chart.delivered() + press.delivered()));
        DemoFigures prices = count("prices");
        DemoFigures jobs = count("jobs");
        screen.note("prices: %d delivered + %d dropped = %d published. Every loss is counted."
                .formatted(prices.delivered(), prices.dropped(), prices.published()));
        add(
                prices,
                new Check("published", MANY, prices.published()),
                new Check("delivered + dropped", prices.published(), prices.delivered() + prices.dropped()),
                new Check("the subscription's own losses", prices.dropped(), chart.dropped()),
                new Check("whether any were lost", 1, Math.min(1, prices.dropped())));
        add(
                jobs,
                new Check("published + refused", MANY, jobs.published() + refused),
                new Check("delivered, all that were accepted,", jobs.published(), jobs.delivered()),
                new Check("whether any were refused", 1, Math.min(1, refused)),
                new Check("dropped", 0, jobs.dropped()));
        chart.close();
        press.close();
    }

    private void invoices() throws InterruptedException {
        screen.code("acknowledged().retry(fixed(3, " + DemoEvents.millis(retryDelay) + ")), and a bug at 'invoice 2'");
        AtomicBoolean bug = new AtomicBoolean(true);
        var books = broker.subscription("invoices")
                .name("books")
                .acknowledged()
                .retry(RetryPolicy.fixed(3, retryDelay))
                .handle(message -> {
                    if (message.text().equals("invoice 2") && bug.get()) {
                        throw new IllegalArgumentException("no customer");
                    }
                });
        for (int i = 1; i <= 3; i++) {
            broker.publish("invoices", "invoice " + i);
        }
        events.await(1, event -> event instanceof BrokerEvent.DeadLettered);
        settle(() -> broker.deadLetters("invoices").count() == 1);
        var letter = broker.deadLetters("invoices").list(0, 1).getFirst();
        screen.note("Dead letter: '%s', %d attempts, last error %s"
                .formatted(
                        letter.message().text(),
                        letter.attempts(),
                        letter.lastError().replaceFirst("^[\\w.]+: ", "")));
        screen.code("the bug is mended; broker.deadLetters(\"invoices\").redrive(null, null)");
        bug.set(false);
        broker.deadLetters("invoices").redrive(null, null);
        events.await(
                1,
                event -> event instanceof BrokerEvent.Delivered done
                        && done.offset() == letter.message().offset());
        settle(() -> books.figures().lag() == 0 && books.figures().delivered() == 3);
        DemoFigures counted = count("invoices");
        add(
                counted,
                new Check("delivered, all that were published,", counted.published(), counted.delivered()),
                new Check("failed attempts", 3, counted.failed()),
                new Check("retries", 2, counted.retried()),
                new Check("given up", 1, counted.dead()),
                new Check("dead letters left", 0, broker.deadLetters("invoices").count()),
                new Check("events the demo missed", 0, events.lost()));
        books.close();
    }

    private Subscription named(String topic, String name) {
        return broker.subscription(topic).name(name).handle(message -> {});
    }

    private Subscription stalled(String topic, String name, Overflow overflow, CountDownLatch gate) {
        return broker.subscription(topic).name(name).queue(4).overflow(overflow).handle(message -> gate.await());
    }

    private DemoFigures count(String topic) {
        return DemoFigures.of(broker.stats(), topic);
    }

    private void add(DemoFigures counted, Check... checks) {
        figures.add(counted.with(List.of(checks)));
    }

    /// Waits until counters that are raised after an event have been; those that never are, the checks will tell.
    private static void settle(BooleanSupplier settled) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (!settled.getAsBoolean() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }
}
