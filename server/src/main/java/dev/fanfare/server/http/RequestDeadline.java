package dev.fanfare.server.http;

import dev.fanfare.time.Timers;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Cuts connections that take too long: a first byte, encryption agreed on before it, and a request from its first byte
/// to its last, within
/// `handshake-timeout`; the next request on a connection kept alive within a minute; an answer as long as the peer
/// takes some of it every minute. The first handler that sees what is not encrypted; one timer per connection.
final class RequestDeadline extends ChannelInboundHandlerAdapter {

    private static final Duration IDLE = Duration.ofMinutes(1);

    /// What the connection is waiting for.
    private enum Phase {
        REQUEST,
        ANSWER,
        NEXT_REQUEST
    }

    /// Sent up the pipeline when a request did not arrive in time: whoever answers requests answers 408.
    enum Late {
        REQUEST
    }

    private final Timers timers;
    private final long requestNanos;
    private final Runnable silent;
    private Phase phase = Phase.NEXT_REQUEST;
    private boolean first = true;
    private long deadlineNanos;
    private long untakenBytes;
    private @Nullable ScheduledFuture<?> timer;

    /// @param silent told when nothing was asked in time, nor encryption agreed on; then the connection is closed
    RequestDeadline(Timers timers, Duration request, Runnable silent) {
        this.timers = timers;
        this.silent = silent;
        this.requestNanos = request.toNanos();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        expect(Phase.NEXT_REQUEST, requestNanos);
        schedule(context, requestNanos);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        if (first) {
            first = false;
            phase = Phase.REQUEST; // its time has been running since the connection was made
        } else if (phase == Phase.NEXT_REQUEST) {
            expect(Phase.REQUEST, requestNanos);
            schedule(context, requestNanos);
        }
        context.fireChannelRead(bytes);
    }

    /// A request is complete; its answer is on its way until [#answered].
    void answering() {
        expect(Phase.ANSWER, IDLE.toNanos());
    }

    /// Everything that was asked is answered.
    void answered() {
        expect(Phase.NEXT_REQUEST, IDLE.toNanos());
    }

    /// Whether nothing is under way.
    boolean idle() {
        return phase == Phase.NEXT_REQUEST;
    }

    private void expect(Phase next, long withinNanos) {
        phase = next;
        deadlineNanos = timers.nanoTime() + withinNanos;
        untakenBytes = 0;
    }

    private void schedule(ChannelHandlerContext context, long nanos) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = context.executor().schedule(() -> look(context), nanos, TimeUnit.NANOSECONDS);
    }

    private void look(ChannelHandlerContext context) {
        long left = deadlineNanos - timers.nanoTime();
        if (left > 0) {
            schedule(context, left);
            return;
        }
        switch (phase) {
            case REQUEST -> context.fireUserEventTriggered(Late.REQUEST);
            case NEXT_REQUEST -> {
                if (first) {
                    silent.run();
                }
                context.close();
            }
            case ANSWER -> {
                long untaken = untaken(context);
                if (untaken > 0 && untaken == untakenBytes) {
                    context.close();
                    return;
                }
                expect(Phase.ANSWER, IDLE.toNanos());
                untakenBytes = untaken;
                schedule(context, IDLE.toNanos());
            }
        }
    }

    private static long untaken(ChannelHandlerContext context) {
        var waiting = context.channel().unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    }
}
