package dev.fanfare.server.http;

import dev.fanfare.server.Connections;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.rest.Call;
import dev.fanfare.server.rest.Endpoint;
import dev.fanfare.server.rest.Need;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Unauthorized;
import dev.fanfare.time.Timers;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An answer that goes on for as long as the peer listens. On the connection's event loop.
final class EventStream implements Endpoint.StreamSink, Connections.Peer {

    private final ChannelHandlerContext context;
    private final Exchange exchange;
    private final Endpoint.StreamSource source;
    private final Need need;
    private final Call call;
    private final ServerContext server;
    private final List<ScheduledFuture<?>> timers = new ArrayList<>();
    private Timers.@Nullable Timer expiry;
    private boolean ended;

    EventStream(
            ChannelHandlerContext context,
            Exchange exchange,
            Need need,
            Call call,
            Endpoint.StreamSource source,
            ServerContext server) {
        this.context = context;
        this.exchange = exchange;
        this.need = need;
        this.call = call;
        this.source = source;
        this.server = server;
    }

    void begin() {
        context.writeAndFlush(exchange.stream(source.contentType()), context.voidPromise());
        server.connections().add(this);
        watch();
        source.begin(this);
    }

    /// Has itself looked at again when its peer's time is over.
    private void watch() {
        Timers timers = server.broker().timers();
        Duration next = call.caller().identity().checkIn(timers.currentTimeMillis());
        if (expiry != null) {
            expiry.cancel();
        }
        if (next != null) {
            expiry = timers.schedule(next, this::recheck);
        }
    }

    /// The connection is gone.
    void ended() {
        if (!ended) {
            ended = true;
            timers.forEach(timer -> timer.cancel(false));
            source.end();
            server.connections().remove(this);
            if (expiry != null) {
                expiry.cancel();
            }
        }
    }

    @Override
    public boolean writable() {
        return context.channel().isWritable();
    }

    @Override
    public void send(byte[] bytes) {
        if (!ended) {
            context.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)), context.voidPromise());
        }
    }

    @Override
    public void execute(Runnable action) {
        context.executor().execute(action);
    }

    @Override
    public void every(long millis, Runnable action) {
        timers.add(context.executor().scheduleWithFixedDelay(action, millis, millis, TimeUnit.MILLISECONDS));
    }

    @Override
    public void recheck() {
        execute(() -> {
            try {
                Identity now = server.access().again(call.caller().identity());
                if (!need.isMet(server.access().rights(now, null), call)) {
                    close();
                } else if (!ended) {
                    watch();
                }
            } catch (Unauthorized gone) {
                close();
            }
        });
    }

    @Override
    public void drain() {
        // A stream takes no operations.
    }

    @Override
    public void close() {
        execute(() -> {
            Channel channel = context.channel();
            if (!ended) {
                ended();
                context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(written -> Farewell.to(channel));
            }
        });
    }

    @Override
    public void abort() {
        context.channel().close();
    }
}
