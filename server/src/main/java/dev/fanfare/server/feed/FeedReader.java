package dev.fanfare.server.feed;

import dev.fanfare.DeliveryStrategy;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The subscribers that one event loop has in one feed. The publisher wakes it once, whatever their number; it
/// offers to each of them on its own thread, and gives chunks back that all of them have passed.
final class FeedReader extends Woken {

    private static final VarHandle MARKED;

    static {
        try {
            MARKED = MethodHandles.lookup().findVarHandle(FeedReader.class, "marked", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final WireFeed feed;
    private final Loop loop;

    /// Whether the loop has been woken and has not looked since.
    @SuppressWarnings("unused") // by MARKED
    private volatile boolean marked;

    private volatile long offeredBytes;

    /// The oldest chunk held. Written under the feed's lock; null while everything is read and given back.
    private volatile @Nullable Chunk first;

    // From here on only touched on the loop.

    /// How far cursors read for now. What is appended while they do waits for the next turn: otherwise the first of
    /// them would get it in small pieces while the others wait.
    private long offeredFrames;

    private final List<Gate> gates = new ArrayList<>(1);
    private boolean listedAsHolding;

    FeedReader(WireFeed feed, Loop loop, long offeredBytes) {
        this.feed = feed;
        this.loop = loop;
        this.offeredBytes = offeredBytes;
    }

    Loop loop() {
        return loop;
    }

    /// See [#offeredFrames]; on the loop.
    long offeredFrames() {
        return offeredFrames;
    }

    /// How many messages wait for the cursor that is furthest behind. Any thread; none when the loop has ended.
    CompletableFuture<Long> lag() {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        Runnable look = () -> answer.complete(gates.stream()
                .flatMap(gate -> gate.cursors.stream())
                .mapToLong(WireCursor::lag)
                .max()
                .orElse(0));
        if (loop.eventLoop().inEventLoop()) {
            look.run();
        } else if (!loop.execute(look)) {
            answer.complete(0L);
        }
        return answer;
    }

    /// Lets cursors read all there is, whatever gate they wait at.
    void offerAll() {
        offeredFrames = feed.endFrames();
    }

    long offeredBytes() {
        return offeredBytes;
    }

    /// Any thread.
    void wake() {
        // Volatile, not weaker: either this sees that the loop has cleared the mark, or the loop sees what was
        // appended.
        if (!(boolean) MARKED.getVolatile(this) && MARKED.compareAndSet(this, false, true)) {
            loop.wake(this);
        }
    }

    /// Offers what has been appended; on the loop.
    @Override
    protected void drain() {
        // Cleared before anything is read: what is appended from here on wakes again.
        MARKED.setVolatile(this, false);
        offeredBytes = feed.endBytes();
        long since = feed.takeWaitingSinceNanos();
        for (int i = 0; i < gates.size(); i++) {
            gates.get(i).drain();
        }
        giveBack();
        feed.relieve();
        feed.offered(since);
        listIfHolding();
    }

    /// Has the loop look later whether chunks can be given back; on the loop.
    void listIfHolding() {
        if (!listedAsHolding && first != null) {
            listedAsHolding = true;
            loop.holds(this);
        }
    }

    void add(WireCursor cursor) {
        List<WireCursor> cursors = gateOf(cursor).cursors;
        cursor.index = cursors.size();
        cursors.add(cursor);
    }

    private Gate gateOf(WireCursor cursor) {
        DeliveryStrategy own = cursor.delivery();
        for (Gate gate : gates) {
            if (Objects.equals(gate.own, own)) {
                return gate;
            }
        }
        Gate gate = new Gate(own);
        gates.add(gate);
        return gate;
    }

    /// On the loop, never while it drains.
    void remove(WireCursor cursor) {
        Gate gate = gateOf(cursor);
        // The last one takes its place: order among subscribers means nothing, and thousands may leave at once.
        WireCursor last = gate.cursors.removeLast();
        if (last != cursor) {
            gate.cursors.set(cursor.index, last);
            last.index = cursor.index;
        }
        if (gate.cursors.isEmpty()) {
            gates.remove(gate);
        }
        if (gates.isEmpty()) {
            feed.remove(this);
        } else {
            giveBack();
        }
    }

    /// The first chunk to be read, for a cursor that had read everything when there was none.
    @Nullable
    Chunk first() {
        return first;
    }

    /// Holds this chunk and those that follow; under the feed's lock.
    void holdFrom(Chunk chunk) {
        if (first == null) {
            first = chunk;
        }
    }

    /// Holds the last chunk, if this reader does not already: under the feed's lock.
    void holdAgain(Chunk last) {
        if (first == null) {
            last.hold();
            first = last;
        }
    }

    /// Under the feed's lock.
    void releaseUpTo(@Nullable Chunk oldest) {
        Chunk chunk = first;
        while (chunk != null && chunk != oldest) {
            Chunk next = chunk.next;
            chunk.release();
            chunk = next;
        }
        first = chunk;
    }

    /// Gives chunks back that every cursor has passed.
    void giveBack() {
        Chunk held = first;
        if (held == null || held.next == null) {
            return;
        }
        Chunk oldest = null;
        for (Gate gate : gates) {
            for (int i = 0; i < gate.cursors.size(); i++) {
                Chunk at = gate.cursors.get(i).oldestNeeded();
                if (at == null || at == held) {
                    return;
                }
                if (oldest == null || at.firstFrame < oldest.firstFrame) {
                    oldest = at;
                }
            }
        }
        if (oldest != null) {
            feed.release(this, oldest);
        }
    }

    /// Lets go of the last chunk if everything of it has been read.
    ///
    /// @return false when there is something left to let go of later
    boolean retire() {
        giveBack();
        Chunk held = first;
        if (held == null) {
            listedAsHolding = false;
            return true;
        }
        long written = held.written();
        for (Gate gate : gates) {
            for (WireCursor cursor : gate.cursors) {
                if (!cursor.atEndOf(held, Chunk.bytes(written))) {
                    return false;
                }
            }
        }
        if (!feed.retire(this, held, Chunk.bytes(written))) {
            return false;
        }
        listedAsHolding = false;
        return true;
    }

    /// The cursors that are woken by the same rule: when enough messages wait, or when the first of them has waited
    /// long enough.
    private final class Gate {

        /// What the subscriptions ask for themselves; null: what topic or dialect say, which may change at any time.
        final @Nullable DeliveryStrategy own;

        final List<WireCursor> cursors = new ArrayList<>(1);
        private long openedFrames = feed.endFrames();

        /// What ends the linger; null when nobody lingers.
        private @Nullable Lingering lingering;

        Gate(@Nullable DeliveryStrategy own) {
            this.own = own;
        }

        void drain() {
            switch (own == null ? feed.delivery() : own) {
                case DeliveryStrategy.Immediate() -> offer();
                case DeliveryStrategy.Batched(int size, var linger) -> {
                    long waiting = feed.endFrames() - openedFrames;
                    if (waiting >= size || feed.ended()) {
                        offer();
                    } else if (waiting > 0) {
                        linger(linger);
                    }
                }
            }
        }

        /// No longer than is said now, though it began when more was said.
        private void linger(Duration atMost) {
            Lingering begun = lingering;
            if (begun == null || begun.time.compareTo(atMost) > 0) {
                lingering = new Lingering(atMost);
                loop.after(atMost, lingering);
            }
        }

        private final class Lingering implements Runnable {
            final Duration time;

            Lingering(Duration time) {
                this.time = time;
            }

            @Override
            public void run() {
                if (lingering != this) {
                    return;
                }
                lingering = null;
                if (feed.endFrames() > openedFrames) {
                    offer();
                    giveBack();
                }
            }
        }

        private void offer() {
            openedFrames = feed.endFrames();
            offeredFrames = openedFrames;
            for (int i = 0; i < cursors.size(); i++) {
                WireCursor cursor = cursors.get(i);
                try {
                    cursor.offer();
                } catch (RuntimeException | Error e) {
                    cursor.fail(e); // memory may have run out: the others are served all the same
                }
            }
        }
    }
}
