package dev.fanfare.local;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/// The readers of one feed on one loop. A publisher wakes the station, once until the loop has looked; the loop
/// then serves every reader. The readers change on the loop only.
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

    private final Loop loop;
    private final Sequence shared;
    private final List<LocalSubscription> readers = new ArrayList<>(1);
    private volatile boolean mark;

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
            request();
        }
    }

    /// Has the loop look in any case. Any thread.
    void request() {
        if (!mark && MARK.compareAndSet(this, false, true)) {
            loop.execute(this);
        }
    }

    @Override
    public void run() {
        MARK.setVolatile(this, false);
        VarHandle.fullFence();
        long seen = shared.end();
        boolean again = false;
        long next = Long.MAX_VALUE;
        for (int i = readers.size() - 1; i >= 0; i--) {
            LocalSubscription reader = readers.get(i);
            again |= reader.serve();
            next = Math.min(next, reader.wantsWakeAt());
        }
        quietUntil = next;
        VarHandle.fullFence();
        long end = shared.end();
        if (end == seen && !again) {
            shared.drained();
        }
        if (again || end != seen && end >= next) {
            request();
        }
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
