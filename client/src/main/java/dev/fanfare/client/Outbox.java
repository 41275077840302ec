package dev.fanfare.client;

import java.net.http.WebSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What waits to be sent on one socket. It leaves frame by frame, the next when the last is gone, as the JDK asks. Any
/// thread.
///
/// Texts leave with the thread that brings them. What is said of deliveries leaves with a thread of its own, so that
/// all that is handled until that comes to it shares its frames; the listener's thread helps when much waits.
final class Outbox {

    private static final Logger log = LoggerFactory.getLogger(Outbox.class);

    /// Beyond so many, what is said of deliveries is forgotten, and they come again: a server that has not taken so
    /// much
    /// is about to be given up. It is more than a server has a subscription hold.
    private static final int DELIVERIES_MAX = 10_240;

    /// How many deliveries are enough for a frame that leaves with the listener's thread.
    private static final int ENOUGH = 32;

    private enum State {
        IDLE,
        /// A thread is on its way.
        DUE,
        /// A thread is in [#pump], or a frame is leaving.
        SENDING
    }

    private sealed interface Item {
        record Text(String text) implements Item {}

        record Settled(Settlements said) implements Item {}

        record Close() implements Item {}
    }

    private final Supplier<WebSocket> socket;
    private final Executor executor;
    private final Consumer<Throwable> failed;

    private final ReentrantLock lock = new ReentrantLock();
    // All guarded by the lock.
    private final Deque<Item> items = new ArrayDeque<>();
    private State state = State.IDLE;
    /// Of how many it waits what became of them.
    private int deliveries;

    /// Those of one item. Owned by who has set [State#SENDING].
    private final Queue<String> frames = new ArrayDeque<>();

    /// @param failed told when a frame can't be sent; nothing more leaves then
    Outbox(Supplier<WebSocket> socket, Executor executor, Consumer<Throwable> failed) {
        this.socket = socket;
        this.executor = executor;
        this.failed = failed;
    }

    /// Sends after everything that waits.
    void add(String text) {
        put(new Item.Text(text));
    }

    /// Has a close frame follow what waits. Nothing leaves after it.
    void leave() {
        put(new Item.Close());
    }

    private void put(Item item) {
        lock.lock();
        try {
            items.add(item);
            if (state == State.SENDING) {
                return;
            }
            state = State.SENDING;
        } finally {
            lock.unlock();
        }
        pump();
    }

    /// Says what became of a delivery, after everything that waits.
    void settle(String clientId, Event event, Delivery.Outcome outcome) {
        boolean enough;
        lock.lock();
        try {
            Settlements said = collecting(clientId);
            if (said == null) {
                log.debug("The server takes nothing: forgot what became of offset {}", event.position());
                return;
            }
            said.add(event, outcome);
            deliveries++;
            enough = said.size() >= ENOUGH;
            if (state == State.SENDING || state == State.DUE && !enough) {
                return;
            }
            state = enough ? State.SENDING : State.DUE;
        } finally {
            lock.unlock();
        }
        if (enough) {
            pump();
        } else {
            executor.execute(this::pumpIfDue);
        }
    }

    /// Where to add what became of a delivery; null when too much waits.
    private @Nullable Settlements collecting(String clientId) {
        if (deliveries == DELIVERIES_MAX) {
            return null;
        }
        if (items.peekLast() instanceof Item.Settled(Settlements last) && !last.isFull()) {
            return last;
        }
        Settlements next = new Settlements(clientId);
        items.add(new Item.Settled(next));
        return next;
    }

    private void pumpIfDue() {
        lock.lock();
        try {
            if (state != State.DUE) {
                return;
            }
            state = State.SENDING;
        } finally {
            lock.unlock();
        }
        pump();
    }

    /// Sends what waits. Only who has set [State#SENDING] is in here.
    private void pump() {
        while (true) {
            if (frames.isEmpty()) {
                switch (next()) {
                    case null -> {
                        return;
                    }
                    case Item.Text(String text) -> frames.add(text);
                    case Item.Settled(Settlements said) -> frames.addAll(said.frames());
                    case Item.Close() -> {
                        var _ = socket.get().sendClose(WebSocket.NORMAL_CLOSURE, "");
                        return;
                    }
                }
            }
            CompletableFuture<WebSocket> sent = socket.get().sendText(frames.remove(), true);
            if (!sent.isDone()) {
                var _ = sent.whenComplete((open, error) -> sent(error));
                return;
            }
            if (sent.isCompletedExceptionally()) {
                sent(sent.exceptionNow());
                return;
            }
        }
    }

    private @Nullable Item next() {
        lock.lock();
        try {
            Item next = items.poll();
            if (next == null) {
                state = State.IDLE;
            } else if (next instanceof Item.Settled(Settlements said)) {
                deliveries -= said.size();
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void sent(@Nullable Throwable error) {
        if (error == null) {
            pump();
        } else {
            failed.accept(error);
        }
    }
}
