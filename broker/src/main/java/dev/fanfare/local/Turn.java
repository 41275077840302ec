package dev.fanfare.local;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Who may call a subscription's handler: one thread at a time, and nobody once the subscription has ended.
///
/// ```
/// RUNNING -> IDLE      nobody is in the handler
/// IDLE    -> RUNNING   one thread takes the turn (for a start, the one that subscribes)
/// RUNNING -> CLOSING   somebody ends it; the thread in the handler finishes it when that returns
/// IDLE    -> ENDED     somebody ends it and finishes it at once
/// CLOSING -> ENDED
/// ```
///
/// Its holder looks at [#isOpen] before each call of the handler. So once somebody has made it CLOSING and seen its
/// holder come out, or ENDED, no call begins.
final class Turn {

    private static final int IDLE = 0;
    private static final int RUNNING = 1;
    private static final int CLOSING = 2;
    private static final int ENDED = 3;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Turn.class, "state", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private volatile int state = RUNNING;

    /// Not volatile: a thread asks only whether it is itself, and finds what it has written.
    private @Nullable Thread holder = Thread.currentThread();

    /// IDLE -> RUNNING, with the calling thread as the holder; false when it is another's, or over.
    boolean take() {
        if (!STATE.compareAndSet(this, IDLE, RUNNING)) {
            return false;
        }
        holder = Thread.currentThread();
        return true;
    }

    /// RUNNING -> IDLE, by the holder, with a full fence; false when it was made CLOSING meanwhile.
    boolean leave() {
        holder = null;
        return STATE.compareAndSet(this, RUNNING, IDLE);
    }

    /// IDLE -> ENDED: true for one caller only.
    boolean endIdle() {
        return STATE.compareAndSet(this, IDLE, ENDED);
    }

    /// RUNNING -> CLOSING: true for one caller only.
    boolean endRunning() {
        return STATE.compareAndSet(this, RUNNING, CLOSING);
    }

    /// CLOSING -> ENDED, by the one that was the holder.
    void ended() {
        STATE.setVolatile(this, ENDED);
    }

    /// Whether its holder may go on. By the holder.
    boolean isOpen() {
        return (int) STATE.getOpaque(this) == RUNNING;
    }

    /// Whether the calling thread is the holder.
    boolean isMine() {
        return holder == Thread.currentThread();
    }

    /// Whether it is CLOSING or ENDED. Any thread.
    boolean isOver() {
        return state >= CLOSING;
    }
}
