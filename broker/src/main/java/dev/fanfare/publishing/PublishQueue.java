package dev.fanfare.publishing;

import dev.fanfare.Batching;
import dev.fanfare.Compression;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import dev.fanfare.publishing.Lane.Pending;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Everything that one publisher was handed and has not published yet. Any thread.
public final class PublishQueue {

    private static final Logger LOG = LoggerFactory.getLogger(PublishQueue.class);

    /// Bound on a thread that publishes: it must not wait for itself.
    private static final ScopedValue<PublishQueue> PUBLISHING = ScopedValue.newInstance();

    private static final PublishResult GIVEN_UP = new Refused(ErrorCode.SHUTTING_DOWN, "it was given up");

    private final TopicRegistry registry;
    private final Timers timers;
    private final Batching batching;
    private final Duration congestionWait;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition empty = lock.newCondition();

    // Under the lock.
    private final Map<String, Lane> lanes = new LinkedHashMap<>();
    private List<CountDownLatch> roomWanted = new ArrayList<>(0);
    private int messages;
    private long bytes;
    private boolean closed;

    /// @param congestionWait how long it waits at most for loops that do not keep up
    public PublishQueue(TopicRegistry registry, Timers timers, Batching batching, Duration congestionWait) {
        this.registry = registry;
        this.timers = timers;
        this.batching = batching;
        this.congestionWait = congestionWait;
    }

    // ---- handing over

    /// Takes a message; waits for room.
    public CompletableFuture<PublishResult> add(String topic, Message message) {
        Pending pending = new Pending(compressed(message), new CompletableFuture<>());
        CountDownLatch room = tryAdd(topic, pending);
        if (room != null) {
            waitAndAdd(topic, pending, room);
        }
        return pending.result();
    }

    private Message compressed(Message message) {
        Compression how = batching.compression();
        return how == null || message.payload().size() <= batching.compressAbove()
                ? message
                : message.withPayload(message.payload().compressed(how));
    }

    private void waitAndAdd(String topic, Pending pending, CountDownLatch first) {
        if (PUBLISHING.isBound() && PUBLISHING.get() == this) {
            refuse(pending, ErrorCode.BACKPRESSURE, full() + "; this thread makes the room and must not wait for it");
            return;
        }
        long deadline = timers.nanoTime() + batching.blockTimeout().toNanos();
        CountDownLatch room = first;
        while (room != null) {
            long left = deadline - timers.nanoTime();
            if (left <= 0) {
                refuse(pending, ErrorCode.BACKPRESSURE, full());
                return;
            }
            Timers.Timer timeout = timers.schedule(Duration.ofNanos(left), room::countDown);
            try {
                room.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                refuse(pending, ErrorCode.BACKPRESSURE, full() + "; interrupted while waiting");
                return;
            } finally {
                timeout.cancel();
                forget(room);
            }
            room = tryAdd(topic, pending);
        }
    }

    private String full() {
        return "as many messages wait to be published as maxMessages (" + batching.maxMessages() + ") or maxBytes ("
                + batching.maxBytes() + ") of the batching publisher allow";
    }

    private static void refuse(Pending pending, ErrorCode code, String reason) {
        pending.result().complete(new Refused(code, reason));
    }

    private void forget(CountDownLatch room) {
        lock.lock();
        try {
            roomWanted.remove(room);
        } finally {
            lock.unlock();
        }
    }

    /// @return null when it was taken or refused; else what is counted down when there may be room
    private @Nullable CountDownLatch tryAdd(String topic, Pending pending) {
        boolean refused;
        lock.lock();
        try {
            refused = closed;
            if (!refused) {
                boolean fits = messages < batching.maxMessages()
                        && (messages == 0 || bytes + pending.bytes() <= batching.maxBytes());
                if (!fits) {
                    // Whatever waits for its batch to become whole waits in vain.
                    lanes.values().forEach(this::hurry);
                    CountDownLatch room = new CountDownLatch(1);
                    roomWanted.add(room);
                    return room;
                }
                messages++;
                bytes += pending.bytes();
                Lane lane = lanes.computeIfAbsent(topic, Lane::new);
                lane.add(pending);
                look(lane);
            }
        } finally {
            lock.unlock();
        }
        if (refused) {
            refuse(pending, ErrorCode.SHUTTING_DOWN, "the batching publisher is closed");
        }
        return null;
    }

    // ---- when a lane is due

    /// Under the lock.
    private void hurry(Lane lane) {
        lane.hurry();
        look(lane);
    }

    /// Under the lock: publishes from the lane if it is due, or has it looked at again when its oldest message
    /// has lingered.
    private void look(Lane lane) {
        if (lane.running || lane.parked || lane.isEmpty()) {
            return;
        }
        if (closed
                || lane.isDue(batching.size(), batching.bytes())
                || batching.linger().isZero()) {
            lane.cancelTimer();
            lane.running = true;
            Thread.ofVirtual()
                    .name("fanfare-batching-" + lane.topic)
                    .start(() -> ScopedValue.where(PUBLISHING, this).run(() -> publish(lane)));
        } else if (lane.timer == null) {
            lane.timer = timers.schedule(batching.linger(), () -> due(lane));
        }
    }

    private void due(Lane lane) {
        lock.lock();
        try {
            lane.timer = null;
            lane.parked = false;
            hurry(lane);
        } finally {
            lock.unlock();
        }
    }

    /// Everything goes out now.
    public CompletableFuture<Void> flush() {
        List<CompletableFuture<PublishResult>> last = new ArrayList<>();
        lock.lock();
        try {
            for (Lane lane : lanes.values()) {
                if (!lane.isEmpty()) {
                    last.add(lane.last());
                    hurry(lane);
                }
            }
        } finally {
            lock.unlock();
        }
        return CompletableFuture.allOf(last.toArray(CompletableFuture[]::new));
    }

    // ---- publishing

    /// Publishes batch after batch until the lane is no longer due.
    private void publish(Lane lane) {
        List<Pending> batch = next(lane, List.of(), null);
        while (!batch.isEmpty()) {
            List<PublishResult> results = new ArrayList<>(batch.size());
            Duration retry = null;
            try {
                retry = publish(lane, batch, results);
            } catch (RuntimeException | Error bug) {
                LOG.error("Publishing a batch to {} failed", lane.topic, bug);
                results.add(new Refused(ErrorCode.INTERNAL, "publishing failed: " + bug));
            }
            List<Pending> done = batch.subList(0, results.size());
            batch = next(lane, done, retry);
            for (int i = 0; i < done.size(); i++) {
                done.get(i).result().complete(results.get(i));
            }
        }
    }

    /// Publishes in order until one is to be tried again.
    ///
    /// @return when that is
    private @Nullable Duration publish(Lane lane, List<Pending> batch, List<PublishResult> results) {
        Wakes wakes = new Wakes();
        try {
            publish(lane, batch, results, wakes);
        } finally {
            // Also when one failed: those before it have their places.
            Feed<?> congested = wakes.flush();
            if (congested != null && !congested.drainsHere()) {
                awaitRoom(congested);
            }
        }
        return settle(lane, results);
    }

    private void publish(Lane lane, List<Pending> batch, List<PublishResult> results, Wakes wakes) {
        for (Pending pending : batch) {
            if (pending.result().isDone()) {
                // Cancelled, or refused because closing took too long.
                results.add(GIVEN_UP);
                continue;
            }
            PublishResult result = registry.publish(lane.topic, pending.message(), wakes);
            if (result instanceof Refused refused && refused.full() != null) {
                // It may wait, but then those before must be on their way.
                wakes.flush();
                result = registry.publish(lane.topic, pending.message());
            }
            results.add(result);
            if (result instanceof Refused refused && refused.code().advice() == ErrorCode.Advice.RETRY_LATER) {
                // Those behind it may have to wait for it.
                return;
            }
        }
    }

    /// Waits until what was published is as safe as it has to be, and takes those out of the results that are tried
    /// again: from the first one on that was refused for now.
    ///
    /// @return when that is; null when none is
    private @Nullable Duration settle(Lane lane, List<PublishResult> results) {
        for (int i = 0; i < results.size(); i++) {
            if (results.get(i) instanceof PublishResult.Pending stored) {
                results.set(i, stored.await());
            }
            Duration retry = results.get(i) instanceof Refused refused ? retryAfter(lane, i == 0, refused) : null;
            if (retry != null) {
                results.subList(i, results.size()).clear();
                return retry;
            }
        }
        return null;
    }

    /// @param head whether it is the one that may have been refused before
    private @Nullable Duration retryAfter(Lane lane, boolean head, Refused refused) {
        if (refused.code().advice() != ErrorCode.Advice.RETRY_LATER) {
            return null;
        }
        int attempt;
        lock.lock();
        try {
            if (closed) {
                return null;
            }
            attempt = head ? lane.attempts + 1 : 1;
        } finally {
            lock.unlock();
        }
        try {
            return batching.retry().afterFailure(attempt, refused.exception());
        } catch (RuntimeException | Error e) {
            LOG.warn("The retry policy of a batching publisher failed; gives up", e);
            return null;
        }
    }

    private void awaitRoom(Feed<?> congested) {
        CountDownLatch room = new CountDownLatch(1);
        Timers.Timer timeout = timers.schedule(congestionWait, room::countDown);
        try {
            congested.onRoom(room::countDown);
            room.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            timeout.cancel();
        }
    }

    /// Notes what is done, and says what is to be published next.
    ///
    /// @param retry when the one after them is tried again; null: now
    private List<Pending> next(Lane lane, List<Pending> done, @Nullable Duration retry) {
        List<CountDownLatch> room = List.of();
        lock.lock();
        try {
            if (!done.isEmpty()) {
                messages -= done.size();
                bytes -= lane.done(done.size());
                room = roomWanted;
                roomWanted = new ArrayList<>(0);
            }
            if (retry != null && !closed) {
                lane.attempts++;
                lane.parked = true;
                lane.running = false;
                lane.timer = timers.schedule(retry, () -> due(lane));
                return List.of();
            }
            boolean due = closed
                    || lane.isDue(batching.size(), batching.bytes())
                    || batching.linger().isZero();
            if (due && !lane.isEmpty()) {
                return lane.head(batching.size());
            }
            lane.running = false;
            if (lane.isEmpty()) {
                lanes.remove(lane.topic, lane);
                empty.signalAll();
            } else {
                look(lane);
            }
            return List.of();
        } finally {
            lock.unlock();
            room.forEach(CountDownLatch::countDown);
        }
    }

    /// How many have no result yet.
    public int waiting() {
        lock.lock();
        try {
            return messages;
        } finally {
            lock.unlock();
        }
    }

    // ---- the end

    /// Publishes everything now, takes nothing more, and refuses what is not published in time.
    public void close(Duration grace) {
        List<CountDownLatch> room;
        List<Pending> left = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            room = roomWanted;
            roomWanted = new ArrayList<>(0);
            for (Lane lane : lanes.values()) {
                lane.cancelTimer();
                lane.parked = false;
                hurry(lane);
            }
        } finally {
            lock.unlock();
        }
        room.forEach(CountDownLatch::countDown);
        boolean inside = PUBLISHING.isBound() && PUBLISHING.get() == this;
        lock.lock();
        try {
            long nanos = inside ? 0 : grace.toNanos();
            while (!lanes.isEmpty() && nanos > 0) {
                nanos = empty.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!inside) {
                lanes.values().forEach(lane -> left.addAll(lane.head(lane.size())));
            }
            lock.unlock();
        }
        left.forEach(pending ->
                refuse(pending, ErrorCode.SHUTTING_DOWN, "the batching publisher was closed before it was published"));
    }
}
