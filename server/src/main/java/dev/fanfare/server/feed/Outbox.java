package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/// What waits to be sent on one connection: control frames (acks, errors, notices) first, then the ready sources
/// round-robin, one slice of whole frames each. At most one slice is with the transport. When a control frame comes
/// while the peer refuses bytes, the frames of that slice that have not begun to leave are taken back and go behind
/// it. On the connection's event loop.
public final class Outbox {

    /// The most bytes of one slice, unless a single frame is larger.
    static final int SLICE_BYTES = 64 * 1024;

    private static final int CONTROL_INITIAL_BYTES = 256;

    private final Transport transport;
    private final Loop loop;
    private @Nullable ByteBuf control;
    private int controlCapacity = CONTROL_INITIAL_BYTES;
    private @Nullable Source firstReady;
    private @Nullable Source lastReady;

    /// The source whose slice the peer has not yet taken.
    private @Nullable Source current;

    /// What was taken back of that slice.
    private @Nullable ByteBuf rest;

    private boolean pumping;
    private boolean closed;

    /// Whether the sources wait.
    private boolean held;

    private @Nullable Runnable whenEmpty;
    private @Nullable Runnable whenControlTaken;
    private @Nullable Runnable ahead;

    /// Whether the loop will pump this outbox at the end of its turn.
    boolean listed;

    /// An outbox of a connection on this loop.
    public Outbox(Transport transport, Loop loop) {
        this.transport = transport;
        this.loop = loop;
    }

    /// The loop that owns it.
    public Loop loop() {
        return loop;
    }

    /// Adds a control frame, header included; it leaves at the end of the loop's turn.
    public void control(byte[] frame, int from, int length) {
        if (closed) {
            return;
        }
        ByteBuf buffer = control;
        if (buffer == null) {
            buffer = ByteBufAllocator.DEFAULT.directBuffer(Math.max(controlCapacity, length));
            control = buffer;
        }
        buffer.writeBytes(frame, from, length);
        recall();
        loop.pumpLater(this);
    }

    private void recall() {
        if (current != null && rest == null && transport.blocked()) {
            rest = transport.recall();
        }
    }

    /// A source has ended: what has not begun to leave of its slice is not sent.
    public void withdraw(Source source) {
        if (current == source) {
            recall();
            forgetSlice();
        }
    }

    private void forgetSlice() {
        current = null;
        if (rest != null) {
            rest.release();
            rest = null;
        }
    }

    /// Bytes of control frames that wait.
    public int controlBytes() {
        return control == null ? 0 : control.readableBytes();
    }

    /// Has a source asked at the end of the loop's turn.
    public void offer(Source source) {
        if (closed) {
            return;
        }
        enqueue(source);
        if (!transport.blocked()) {
            loop.pumpLater(this);
        }
    }

    /// Whether the peer has not yet taken what was sent.
    public boolean blocked() {
        return transport.blocked();
    }

    /// Whether a slice of events is with the transport; its bytes are mostly shared with other connections.
    public boolean sendsSlice() {
        return current != null;
    }

    /// Whether nothing waits here or in the transport.
    public boolean empty() {
        return control == null && current == null && firstReady == null && !transport.blocked();
    }

    /// Runs `action` once, as soon as nothing waits any more; at once if nothing does.
    public void whenEmpty(Runnable action) {
        whenEmpty = action;
        loop.pumpLater(this);
    }

    /// Runs `action` once, as soon as no control frame waits here any more; at once if none does.
    public void whenControlTaken(Runnable action) {
        whenControlTaken = action;
        loop.pumpLater(this);
    }

    /// Runs `action` whenever a slice has been taken and before it is written: it may add control frames, which go
    /// before the slice. Null: no more.
    public void ahead(@Nullable Runnable action) {
        ahead = action;
    }

    /// Has the sources wait, or go on: only control frames are sent meanwhile. What has not begun to leave waits too.
    public void hold(boolean value) {
        held = value;
        if (held) {
            recall();
        }
        loop.pumpLater(this);
    }

    private void enqueue(Source source) {
        if (source.queued) {
            return;
        }
        source.queued = true;
        if (lastReady == null) {
            firstReady = source;
        } else {
            lastReady.nextReady = source;
        }
        lastReady = source;
    }

    private @Nullable Source poll() {
        Source source = held ? null : firstReady;
        if (source != null) {
            firstReady = source.nextReady;
            if (firstReady == null) {
                lastReady = null;
            }
            source.nextReady = null;
            source.queued = false;
        }
        return source;
    }

    /// Sends until nothing waits or the peer takes no more.
    public void pump() {
        if (pumping) {
            return; // the transport tells of progress from inside flush
        }
        pumping = true;
        try {
            boolean more = true;
            while (more && !closed && transport.open() && !transport.blocked()) {
                more = step();
            }
        } finally {
            pumping = false;
        }
        Runnable taken = whenControlTaken;
        if (taken != null && control == null) {
            whenControlTaken = null;
            taken.run();
        }
        Runnable action = whenEmpty;
        if (action != null && empty()) {
            whenEmpty = null;
            action.run();
        }
    }

    /// @return false when nothing waits
    private boolean step() {
        boolean waits = held && rest != null;
        Source source = waits ? null : current;
        ByteBuf slice = waits ? null : rest;
        if (!waits) {
            current = null;
            rest = null;
        }
        if (slice == null) {
            askAgain(source);
            source = poll();
            slice = source == null ? null : source.next(SLICE_BYTES);
            if (slice != null && ahead != null) {
                ahead.run();
            }
        }
        ByteBuf before = control;
        if (before != null) {
            control = null;
            controlCapacity = Math.max(CONTROL_INITIAL_BYTES, before.readableBytes());
            transport.write(before);
        }
        if (slice != null) {
            transport.write(slice);
        }
        boolean any = before != null || slice != null;
        if (any) {
            transport.flush();
        }
        if (slice != null && !closed && transport.blocked()) {
            current = source; // asked again when this slice has left: what it tells at its end comes behind it
        } else {
            askAgain(source);
        }
        return any || firstReady != null && !held;
    }

    private void askAgain(@Nullable Source source) {
        if (source != null && !closed && source.more()) {
            enqueue(source);
        }
    }

    /// What it had to send can't be sent: the connection ends.
    void fail(Throwable cause) {
        transport.fail(cause);
    }

    /// Forgets everything that waits; nothing is sent any more.
    public void close() {
        closed = true;
        if (control != null) {
            control.release();
            control = null;
        }
        forgetSlice();
        held = false;
        while (poll() != null) {
            // sources own nothing that has to be given back here
        }
    }
}
