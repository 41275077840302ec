package dev.fanfare.server.http;

import dev.fanfare.time.Timers;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sits at a listening socket. When a connection can't be accepted, because the process has no file descriptor left, no
/// more are for a second; those that are open do not notice, and those that come wait in the system's backlog.
final class AcceptGuard extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.listener");
    private static final int PAUSE_SECONDS = 1;
    private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Timers timers;
    private boolean paused;
    private long lastLineNanos;

    AcceptGuard(Timers timers) {
        this.timers = timers;
        this.lastLineNanos = timers.nanoTime() - LINE_EVERY_NANOS;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        long now = timers.nanoTime();
        if (now - lastLineNanos >= LINE_EVERY_NANOS) {
            lastLineNanos = now;
            LOG.warn(
                    "accepting connections on {} pauses for {} s at a time: {}; raise the limit of open files (ulimit -n)",
                    context.channel().localAddress(),
                    PAUSE_SECONDS,
                    cause.getMessage());
        }
        if (!paused) {
            paused = true;
            context.channel().config().setAutoRead(false);
            context.executor().schedule(() -> resume(context), PAUSE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void resume(ChannelHandlerContext context) {
        paused = false;
        context.channel().config().setAutoRead(true);
    }
}
