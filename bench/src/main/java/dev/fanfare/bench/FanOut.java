package dev.fanfare.bench;

import com.google.common.eventbus.EventBus;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.util.DaemonThreadFactory;
import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import net.engio.mbassy.bus.MBassador;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// One publisher, some subscribers that each count what they get, in one of several libraries. Every subscriber has a
/// counter of its own, read by the benchmark to see that all have got everything.
///
/// Each library is used the way its documentation shows first, with the bound of 1,024 waiting messages where it has
/// one, and with the publisher waiting at that bound: nobody wins by dropping.
// A waiting publisher yields: with two processors, whoever it waits for may need this one.
@SuppressWarnings("ThreadPriorityCheck")
abstract class FanOut implements AutoCloseable {

    static final int QUEUE = 1_024;

    /// Counts what one subscriber gets. No fence: it would cost more than what is measured.
    static final class Counter {
        private final AtomicLong count = new AtomicLong();

        /// By one thread at a time.
        void increment() {
            count.setRelease(count.getPlain() + 1);
        }

        long count() {
            return count.getAcquire();
        }
    }

    final List<Counter> counters = new ArrayList<>();

    FanOut(int subscribers) {
        for (int i = 0; i < subscribers; i++) {
            counters.add(new Counter());
        }
    }

    /// @param library as the benchmark's parameter says
    static FanOut of(String library, int subscribers) {
        return switch (library) {
            case "fanfare-loop" -> new Fanfare(subscribers, Dispatch.loop());
            case "fanfare-thread" -> new Fanfare(subscribers, Dispatch.virtualThread());
            case "fanfare-caller" -> new Fanfare(subscribers, Dispatch.caller());
            case "guava" -> new Guava(subscribers);
            case "mbassador" -> new Mbassador(subscribers);
            case "vertx" -> new VertxBus(subscribers);
            case "reactor" -> new Reactor(subscribers);
            case "disruptor" -> new Disrupted(subscribers);
            default -> throw new IllegalArgumentException(library);
        };
    }

    abstract void publish();

    /// Waits until every subscriber has got so many.
    final void awaitAll(long published) {
        for (Counter counter : counters) {
            while (counter.count() < published) {
                Thread.yield();
            }
        }
    }

    @Override
    public abstract void close();

    private static final class Fanfare extends FanOut {
        private final Broker broker = Broker.open();
        private final dev.fanfare.Topic topic = broker.createTopic("orders");
        private final Message message = Message.text("hello");

        Fanfare(int subscribers, Dispatch dispatch) {
            super(subscribers);
            for (Counter counter : counters) {
                broker.subscription("orders").dispatch(dispatch).queue(QUEUE).handle(received -> counter.increment());
            }
        }

        @Override
        void publish() {
            topic.publish(message).offset();
        }

        @Override
        public void close() {
            broker.close(Duration.ofSeconds(5));
        }
    }

    private static final class Guava extends FanOut {
        private final EventBus bus = new EventBus();

        Guava(int subscribers) {
            super(subscribers);
            counters.forEach(counter -> bus.register(new CountingListener(counter)));
        }

        @Override
        void publish() {
            bus.post("hello");
        }

        @Override
        public void close() {}
    }

    private static final class Mbassador extends FanOut {
        private final MBassador<String> bus = new MBassador<>();
        private final List<Object> kept = new ArrayList<>();

        Mbassador(int subscribers) {
            super(subscribers);
            for (Counter counter : counters) {
                CountingListener listener = new CountingListener(counter);
                kept.add(listener);
                bus.subscribe(listener);
            }
        }

        @Override
        void publish() {
            bus.publish("hello");
        }

        @Override
        public void close() {
            bus.shutdown();
        }
    }

    private static final class VertxBus extends FanOut {
        private final Vertx vertx = Vertx.vertx();
        private long published;

        VertxBus(int subscribers) {
            super(subscribers);
            for (Counter counter : counters) {
                vertx.eventBus().<String>localConsumer("orders").handler(received -> counter.increment());
            }
        }

        @Override
        void publish() {
            vertx.eventBus().publish("orders", "hello");
            // It has no back pressure for publish: without this, its queues grow without bound.
            if (++published % (QUEUE / 2) == 0) {
                awaitAll(published);
            }
        }

        @Override
        public void close() {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private static final class Reactor extends FanOut {
        private final Sinks.Many<String> sink = Sinks.many().multicast().onBackpressureBuffer(QUEUE, false);
        private final Scheduler scheduler = Schedulers.newParallel("reactor", 1, true);

        Reactor(int subscribers) {
            super(subscribers);
            for (Counter counter : counters) {
                sink.asFlux().publishOn(scheduler, QUEUE).subscribe(received -> counter.increment());
            }
        }

        @Override
        void publish() {
            while (sink.tryEmitNext("hello") == Sinks.EmitResult.FAIL_OVERFLOW) {
                Thread.yield();
            }
        }

        @Override
        public void close() {
            sink.tryEmitComplete();
            scheduler.dispose();
        }
    }

    private static final class Disrupted extends FanOut {

        /// A slot of the ring.
        static final class Slot {
            String value = "";
        }

        private final Disruptor<Slot> disruptor = new Disruptor<>(Slot::new, QUEUE, DaemonThreadFactory.INSTANCE);

        Disrupted(int subscribers) {
            super(subscribers);
            List<EventHandler<Slot>> handlers = new ArrayList<>();
            for (Counter counter : counters) {
                handlers.add((slot, sequence, endOfBatch) -> counter.increment());
            }
            disruptor.handleEventsWith(handlers.toArray(FanOut::handlers));
            disruptor.start();
        }

        @Override
        void publish() {
            disruptor.publishEvent((slot, sequence) -> slot.value = "hello");
        }

        @Override
        public void close() {
            disruptor.halt();
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static EventHandler<Disrupted.Slot>[] handlers(int count) {
        return new EventHandler[count];
    }

    @Override
    public String toString() {
        return getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
}
