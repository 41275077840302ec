package dev.fanfare.local;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/// The readers of one feed on one loop. A publisher wakes the station, once until the loop has nothing left to do;
/// the loop serves every reader up to the same end, round after round. The readers change on the loop only.
///
/// Between two rounds the loop pauses for about a microsecond. A lone message has been delivered by then. Under
/// load it lets some messages gather, so that a round, the publisher's cache lines that it takes away and, when it
/// is over, the wake-up that it costs the publisher, are shared by many: without the pause a fast loop takes what a
/// publisher has just written one message at a time, and slows it down to a quarter.
///
/// A publisher raises the feed's end, then looks at the mark; the loop clears the mark, then looks at the end. With
/// a full fence between on both sides, at least one of them sees what the other did.
final class Station implements Runnable {

    private static final VarHandle MARK;

    static {
        try {
            MARK = MethodHandles.lookup().findVarHandle(Station.class, "mark", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /// How many rounds at most before the loop's other tasks have their turn.
    private static final int ROUNDS = 64;

    private static final int PAUSE = 32;

    private final Loop loop;
    private final Sequence shared;
    private final List<LocalSubscription> readers = new ArrayList<>(1);
    private volatile boolean mark;

    /// Somebody wants every reader asked, whatever the feed's end: what they do has changed. The loop clears it before
    /// it asks them, so that it is never lost on a station that is being run.
    private volatile boolean asked;

    /// Up to this end of the feed nobody wants to be woken: all batched readers still gather.
    private volatile long quietUntil;

    Station(Loop loop, Sequence shared) {
        this.loop = loop;
        this.shared = shared;
    }

    Loop loop() {
        return loop;
    }

    /// After messages were appended and a full fence: has the loop look if somebody wants it to. Any thread.
    void wake(long end) {
        if (!mark && end >= quietUntil) {
            enqueue();
        }
    }

    /// Has the loop look in any case. Any thread.
    void request() {
        asked = true;
        enqueue();
    }

    private void enqueue() {
        if (!mark && MARK.compareAndSet(this, false, true)) {
            loop.execute(this);
        }
    }

    @Override
    public void run() {
        boolean again = true;
        long seen = shared.end();
        for (int round = 0; again && round < ROUNDS; round++) {
            asked = false;
            again = serve(seen);
            if (!pause()) {
                break;
            }
            long end = shared.end();
            again |= asked || end != seen && end >= quietUntil;
            seen = end;
        }
        MARK.setVolatile(this, false);
        VarHandle.fullFence();
        long end = shared.end();
        if (end == seen && !again) {
            shared.drained();
        }
        if (again || asked || end != seen && end >= quietUntil) {
            enqueue();
        }
    }

    /// Serves every reader up to this end of the feed.
    ///
    /// @return whether one of them has more to do at once
    private boolean serve(long end) {
        boolean again = false;
        long next = Long.MAX_VALUE;
        for (int i = readers.size() - 1; i >= 0; i--) {
            LocalSubscription reader = readers.get(i);
            again |= reader.serve(end);
            next = Math.min(next, reader.timing.wantsWakeAt());
        }
        quietUntil = next;
        return again;
    }

    /// Waits a moment; false at once when the loop has other things to do.
    private boolean pause() {
        for (int i = 0; i < PAUSE; i++) {
            if (loop.isAwaited()) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /// On the loop.
    void add(LocalSubscription reader) {
        reader.stationIndex = readers.size();
        readers.add(reader);
        quietUntil = 0;
        request();
    }

    /// On the loop.
    void remove(LocalSubscription reader) {
        int index = reader.stationIndex;
        if (index < 0) {
            return;
        }
        reader.stationIndex = -1;
        LocalSubscription last = readers.removeLast();
        if (last != reader) {
            readers.set(index, last);
            last.stationIndex = index;
        }
    }
}
