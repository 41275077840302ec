package dev.fanfare.local;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The broker's listeners. Each has a bounded queue and a virtual thread; whoever has something to tell only puts
/// it there, and makes no event when nobody listens. Any thread.
public final class Events {

    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    /// The most events that wait for one listener.
    private static final int QUEUE = 8_192;

    /// So many events that last are told to listeners that come later.
    private static final int LASTING = 100;

    /// Put into a listener's queue to have it look whether it is over.
    private static final Told LOOK = new Told(new BrokerEvent.TopicDeleted(""), 0);

    /// An event, and when it happened.
    private record Told(BrokerEvent event, long nanoTime) {}

    private final CopyOnWriteArrayList<Listening> listeners = new CopyOnWriteArrayList<>();

    /// Changes who listens, and what lasts.
    private final ReentrantLock lock = new ReentrantLock();

    /// What is so since it happened, like damage; each once.
    private final Map<BrokerEvent, Told> lasting = new LinkedHashMap<>();

    private final Condition fewer = lock.newCondition();

    /// Asked before every message is delivered: a plain field is all that costs.
    private volatile boolean listening;

    /// The same for the events of single messages.
    private volatile boolean listeningToMessages;

    private volatile boolean closed;

    private final Timers timers;

    /// Nobody listens yet.
    ///
    /// @param timers say when something happened
    public Events(Timers timers) {
        this.timers = timers;
    }

    /// Whether anybody listens.
    public boolean listening() {
        return listening;
    }

    /// Whether anybody wants the events of single messages.
    public boolean listeningToMessages() {
        return listeningToMessages;
    }

    /// Tells every listener that wants the events of single messages; the supplier is not asked when there are none.
    public void emitMessage(Supplier<? extends BrokerEvent> event) {
        if (listeningToMessages) {
            Told made = new Told(event.get(), timers.nanoTime());
            for (Listening listener : listeners) {
                if (listener.hearsEachMessage) {
                    listener.offer(made);
                }
            }
        }
    }

    /// Tells every listener; the supplier is not asked when there are none.
    public void emit(Supplier<? extends BrokerEvent> event) {
        if (listening) {
            Told made = new Told(event.get(), timers.nanoTime());
            for (Listening listener : listeners) {
                listener.offer(made);
            }
        }
    }

    /// Tells every listener, and those that come later when they begin: what is so from now on. Of more than
    /// 100, those come to hear the first ones.
    public void emitLasting(BrokerEvent event) {
        lock.lock();
        try {
            if (lasting.size() < LASTING) {
                lasting.putIfAbsent(event, new Told(event, timers.nanoTime()));
            }
            // Under the lock, so that a listener that comes now hears it once; it is only put into queues.
            emit(() -> event);
        } finally {
            lock.unlock();
        }
    }

    /// Adds a listener: it hears first what lasts, then what happens from now on.
    public BrokerListener.Registration listen(BrokerListener listener) {
        Listening added = new Listening(listener);
        add(added);
        if (closed) {
            added.close();
        } else {
            added.start();
        }
        return added;
    }

    /// Ends every listener when it has heard what waits for it, or interrupts it when the time is over. One that
    /// calls this itself is not waited for.
    ///
    /// @param grace in real time
    public void close(Duration grace) {
        closed = true;
        listeners.forEach(Listening::finish);
        awaitEnds(grace);
        listeners.forEach(Listening::giveUp);
    }

    private void awaitEnds(Duration grace) {
        lock.lock();
        try {
            long left = grace.toNanos();
            while (left > 0 && !listeners.stream().allMatch(Listening::runsHere)) {
                left = fewer.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void add(Listening listener) {
        lock.lock();
        try {
            lasting.values().forEach(listener::offer);
            listeners.add(listener);
            refresh();
        } finally {
            lock.unlock();
        }
    }

    private void remove(Listening listener) {
        lock.lock();
        try {
            listeners.remove(listener);
            refresh();
            fewer.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void refresh() {
        listening = !listeners.isEmpty();
        listeningToMessages = listeners.stream().anyMatch(listener -> listener.hearsEachMessage);
    }

    private final class Listening implements BrokerListener.Registration {
        private final BrokerListener listener;
        private final boolean hearsEachMessage;
        private final BlockingQueue<Told> queue = new ArrayBlockingQueue<>(QUEUE);
        private final AtomicLong lost = new AtomicLong();
        private final Thread thread;
        private volatile boolean over;
        private volatile boolean finishing;

        Listening(BrokerListener listener) {
            this.listener = listener;
            this.hearsEachMessage = listener.hearsEachMessage();
            this.thread = Thread.ofVirtual().name("fanfare-listener").unstarted(this::run);
        }

        void start() {
            thread.start();
        }

        void offer(Told event) {
            if (!over && !queue.offer(event)) {
                lost.incrementAndGet();
            }
        }

        private void run() {
            while (!over && !(finishing && queue.isEmpty())) {
                try {
                    Told event = queue.take();
                    if (event != LOOK) {
                        tell(event);
                    }
                } catch (InterruptedException byTheListener) {
                    LOG.debug("A listener interrupted its own thread");
                }
            }
            remove(this);
        }

        private void tell(Told told) {
            try {
                listener.onEvent(told.event, told.nanoTime);
            } catch (RuntimeException | Error e) {
                LOG.warn("A listener failed on {}", told.event.name(), e);
            }
        }

        @Override
        public long lost() {
            return lost.get();
        }

        /// Lets it hear what waits, then ends it.
        void finish() {
            finishing = true;
            look();
        }

        boolean runsHere() {
            return Thread.currentThread() == thread;
        }

        void giveUp() {
            close();
            if (!runsHere()) {
                thread.interrupt();
            }
        }

        @Override
        public void close() {
            over = true;
            remove(this);
            look();
        }

        /// If the queue is full, its thread comes by anyway.
        private void look() {
            queue.offer(LOOK);
        }
    }
}
