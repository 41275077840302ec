package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Message;
import dev.fanfare.Pending;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.TopicLog;
import dev.fanfare.store.Keys;
import dev.fanfare.store.NumberedRows;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// All messages of a broker that wait for their time. Each topic has a heap of its own, so that they go with
/// it at once; a heap of these finds the one that is next. One timer runs, for the earliest message of all.
///
/// The lock is taken inside a topic's section when a message begins to wait, and calls nothing but the timer's
/// scheduling. Messages that are due are appended on the clock's thread, without the lock and without waiting:
/// when a topic has no room or can't be stored, its messages try again a little later, in their order.
final class DelayedMessages {

    /// How many messages are appended before other actions of the clock have their turn.
    private static final int TURN = 1_000;

    /// How soon a topic is tried again that had no room.
    private static final long RETRY_MILLIS = 100;

    /// How soon it goes on when the loops do not keep up.
    private static final long PAUSE_MILLIS = 10;

    /// The wall clock may be set, and a machine may sleep: looked at this often while anything waits.
    private static final long LONGEST_SLEEP_MILLIS = 60_000;

    private final DelayedRoom room;
    private final Timers timers;
    private final Events events;
    private final @Nullable Committer committer;

    private final ReentrantLock lock = new ReentrantLock();
    private final DelayedHeap heap = new DelayedHeap();
    private Timers.@Nullable Timer timer;
    private long armedFor;
    private long sequence;
    private boolean running;
    private boolean closed;

    private volatile long lost;

    /// Those of durable topics that were taken out to be appended, by their numbers, until the store has them
    /// there.
    private final Map<Long, Departure> departing = new HashMap<>();

    /// @param limits of the moment
    /// @param committer where those of durable topics are stored; null when there are none
    /// @param topics all there are
    DelayedMessages(
            Supplier<Pending> limits,
            Timers timers,
            Events events,
            @Nullable Committer committer,
            TopicDirectory topics) {
        this.committer = committer;
        this.room = new DelayedRoom(limits);
        this.timers = timers;
        this.events = events;
        if (committer != null) {
            committer.remembers(to -> topics.all().forEach(topic -> sayAgain(topic, to)));
        }
    }

    /// Which wait, whatever the store says now. On the committing thread, under no lock.
    private void sayAgain(LiveTopic topic, Restatement to) {
        if (!(topic.log() instanceof DurableTopicLog log)) {
            return;
        }
        WaitingRows rows = new WaitingRows(log.number());
        lock.lock();
        try {
            // Asked here: who closes a topic takes its queue under this lock, and its rows must stay.
            if (topic.deleted()) {
                return;
            }
            DelayedQueue queue = topic.delayedQueueIfAny();
            if (queue != null) {
                queue.forEach(rows::add);
            }
            departing.values().stream()
                    .filter(departure -> departure.topic() == topic)
                    .forEach(departure -> rows.add(departure.due(), departure.number(), departure.message()));
        } finally {
            lock.unlock();
        }
        rows.sayAgain(to, timers.currentTimeMillis());
    }

    /// How many wait.
    int count() {
        return room.count();
    }

    /// What they cost, by [TopicLog#cost].
    long bytes() {
        return room.bytes();
    }

    /// How many died with their topics, or with the broker.
    long lost() {
        return lost;
    }

    /// A message begins to wait. Called inside the topic's section, which is not deleted.
    ///
    /// @param seenAt from when on its id is recognised
    /// @return why it can't, or that it waits: of a durable topic, when that is stored
    PublishResult add(LiveTopic topic, Message message, long due, long seenAt) {
        Refused unstored = topic.config().isDurable() && committer != null ? committer.refusal() : null;
        if (unstored != null) {
            return unstored;
        }
        boolean stores = committer != null && topic.log() instanceof DurableTopicLog;
        long number;
        lock.lock();
        try {
            Refused refused = room.refusal(topic, TopicLog.cost(message));
            if (refused != null) {
                return refused;
            }
            number = sequence++;
            room.account(1, TopicLog.cost(message));
            if (!stores) {
                put(topic, message, due, number);
                arm();
            }
        } finally {
            lock.unlock();
        }
        Scheduled scheduled = new Scheduled(message.id(), topic.epoch(), due, false);
        if (committer == null || !(topic.log() instanceof DurableTopicLog log)) {
            return scheduled;
        }
        DelayedForm form = new DelayedForm(due, seenAt, message);
        return new PublishResult.Pending(
                scheduled,
                committer.add(
                        new Beginning(topic, form, log.number(), number),
                        topic.config().durability().or(message.durability())));
    }

    /// A message of a durable topic that waits as soon as that is stored. If it can't be, it has never been.
    private final class Beginning implements Committer.Change {
        private final LiveTopic topic;
        private final DelayedForm form;
        private final int inStore;
        private final long number;
        private boolean stored;

        /// @param inStore the topic's number
        /// @param number its own
        Beginning(LiveTopic topic, DelayedForm form, int inStore, long number) {
            this.topic = topic;
            this.form = form;
            this.inStore = inStore;
            this.number = number;
        }

        @Override
        public void write(Store.Batch batch) {
            form.store(batch, inStore, number);
        }

        @Override
        public void stored() {
            stored = true;
            boolean died = false;
            lock.lock();
            try {
                if (topic.deleted()) {
                    room.account(-1, -TopicLog.cost(form.message()));
                    died = topic.isGone();
                    lose(died ? 1 : 0);
                } else {
                    put(topic, form.message(), form.due(), number);
                    arm();
                }
            } finally {
                lock.unlock();
            }
            tellLost(topic, died ? 1 : 0);
        }

        /// Unless it waits already: then something else failed that had to be safer.
        @Override
        public Committer.@Nullable Change failed() {
            if (stored) {
                return null;
            }
            lock.lock();
            try {
                room.account(-1, -TopicLog.cost(form.message()));
            } finally {
                lock.unlock();
            }
            topic.enter();
            try {
                Identities identities = topic.appending().identities();
                identities.waitNoMore(identities.of(form.message()), form.seenAt());
            } finally {
                topic.leave();
            }
            return Committer.Change.lasting(batch -> batch.delete(Table.DELAYED, Keys.of(inStore, number)));
        }
    }

    /// Under the lock: one that is accounted for.
    private void put(LiveTopic topic, Message message, long due, long number) {
        DelayedQueue queue = topic.delayedQueue();
        queue.bytes += TopicLog.cost(message);
        queue.add(due, number, message);
        heap.settle(queue);
    }

    /// Brings back those of a topic that were stored. Before anything else.
    ///
    /// @param unreadable told of those that can't be read, from one running number up to another
    void restore(LiveTopic topic, int number, NumberedRows.Lost unreadable) {
        if (committer == null) {
            return;
        }
        lock.lock();
        try {
            NumberedRows.read(
                    committer.store(),
                    Table.DELAYED,
                    number,
                    (found, value) -> {
                        sequence = Math.max(sequence, found + 1);
                        restore(topic, found, DelayedForm.of(value, topic));
                    },
                    unreadable);
            arm();
        } finally {
            lock.unlock();
        }
    }

    private void restore(LiveTopic topic, long found, DelayedForm form) {
        room.account(1, TopicLog.cost(form.message()));
        put(topic, form.message(), form.due(), found);
        Identities identities = topic.appending().identities();
        identities.wait(identities.of(form.message()), form.seenAt(), form.due());
    }

    /// Nothing is added to a topic any more.
    ///
    /// @param gone whether what is stored of it is gone too
    void drop(LiveTopic topic, boolean gone) {
        int died;
        lock.lock();
        try {
            DelayedQueue queue = topic.takeDelayedQueue();
            if (queue == null) {
                return;
            }
            died = queue.size();
            room.account(-died, -queue.bytes);
            heap.remove(queue);
            if (!gone && topic.config().isDurable()) {
                // They come back with the store.
                return;
            }
            lose(died);
        } finally {
            lock.unlock();
        }
        tellLost(topic, died);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void lose(int messages) {
        lost += messages;
    }

    private void tellLost(LiveTopic topic, int messages) {
        if (messages > 0) {
            events.emit(() -> new BrokerEvent.DelayedLost(topic.name(), messages));
        }
    }

    /// Nothing happens any more; every topic was dropped.
    void close() {
        lock.lock();
        try {
            closed = true;
            if (timer != null) {
                timer.cancel();
                timer = null;
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- what is due

    private void run() {
        Wakes wakes = new Wakes();
        lock.lock();
        try {
            timer = null;
            running = true;
        } finally {
            lock.unlock();
        }
        boolean congested = false;
        try {
            int left = TURN;
            while (left > 0 && publishNext(wakes)) {
                left--;
            }
            congested = wakes.flush() != null;
        } finally {
            goOn(congested);
        }
    }

    private void goOn(boolean congested) {
        lock.lock();
        try {
            running = false;
            long now = timers.currentTimeMillis();
            arm(congested ? now + PAUSE_MILLIS : now);
        } finally {
            lock.unlock();
        }
    }

    /// Appends the next message that is due, if there is one.
    private boolean publishNext(Wakes wakes) {
        DelayedQueue queue;
        Message message;
        long due;
        long number;
        Departure departure;
        long now = timers.currentTimeMillis();
        lock.lock();
        try {
            if (heap.isEmpty() || closed || heap.first().next() > now) {
                return false;
            }
            queue = heap.first();
            due = queue.firstDue();
            number = queue.firstSequence();
            message = queue.removeFirst();
            heap.settle(queue);
            departure = depart(queue.topic, message, due, number);
        } finally {
            lock.unlock();
        }
        // What a feed throws is thrown when the message has its place.
        PublishResult result = null;
        Refused refused = null;
        try {
            result = queue.topic.appending().appendDue(message, wakes, departure);
            refused = result instanceof Refused why ? why : null;
        } finally {
            if (result instanceof PublishResult.Pending pending) {
                pending.commit().onDone(failure -> {
                    if (failure == null) {
                        done(queue, message, false);
                    } else {
                        waitOn(queue, message, due, number, timers.currentTimeMillis() + RETRY_MILLIS);
                    }
                });
            } else if (refused != null) {
                // There is no room, or the store is away. With its topic it is gone.
                waitOn(queue, message, due, number, now + RETRY_MILLIS);
            } else {
                if (departure != null && result != null && committer != null) {
                    departure.leave(committer);
                }
                done(queue, message, false);
            }
        }
        return true;
    }

    /// Under the lock.
    ///
    /// @return null when it is stored nowhere
    private @Nullable Departure depart(LiveTopic topic, Message message, long due, long number) {
        if (!(topic.log() instanceof DurableTopicLog log)) {
            return null;
        }
        Departure departure = new Departure(topic, message, due, log.number(), number, timers, this::arrived);
        departing.put(number, departure);
        return departure;
    }

    private void arrived(Departure departure) {
        lock.lock();
        try {
            departing.remove(departure.number());
        } finally {
            lock.unlock();
        }
    }

    /// The message waits on in its place.
    private void waitOn(DelayedQueue queue, Message message, long due, long number, long notBefore) {
        lock.lock();
        try {
            departing.remove(number);
            if (queue.topic.hasDelayedQueue(queue)) {
                queue.add(due, number, message);
                queue.notBefore = notBefore;
                heap.settle(queue);
                arm();
                return;
            }
        } finally {
            lock.unlock();
        }
        done(queue, message, true);
    }

    private void done(DelayedQueue queue, Message message, boolean died) {
        lock.lock();
        try {
            long cost = TopicLog.cost(message);
            // A queue that was dropped meanwhile was so without this message, but with what it costs.
            room.account(-1, queue.topic.hasDelayedQueue(queue) ? -cost : 0);
            queue.bytes -= cost;
            lose(died ? 1 : 0);
        } finally {
            lock.unlock();
        }
        if (died) {
            tellLost(queue.topic, 1);
        }
    }

    // ---- the timer, under the lock

    private void arm() {
        arm(Long.MIN_VALUE);
    }

    private void arm(long earliest) {
        if (closed || running || heap.isEmpty()) {
            return;
        }
        long now = timers.currentTimeMillis();
        long wanted = Math.clamp(heap.first().next(), Math.max(now, earliest), now + LONGEST_SLEEP_MILLIS);
        if (timer != null) {
            if (armedFor <= wanted) {
                return;
            }
            timer.cancel();
        }
        armedFor = wanted;
        timer = timers.schedule(Duration.ofMillis(wanted - now), this::run);
    }
}
