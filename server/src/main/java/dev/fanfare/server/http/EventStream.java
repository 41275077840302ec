package dev.fanfare.server.http;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Connections;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.rest.Call;
import dev.fanfare.server.rest.Endpoint;
import dev.fanfare.server.rest.Need;
import dev.fanfare.server.security.Audit;
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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An answer that goes on for as long as the peer listens. On the connection's event loop.
final class EventStream implements Endpoint.StreamSink, Connections.Peer {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.http");

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
        source.begin(this);
        // What has changed since it was let in was told only to those who were there.
        look();
    }

    /// Has itself looked at again when its peer's time is over.
    private void watch() {
        Duration next = server.access().checkIn(call.caller().identity());
        if (expiry != null) {
            expiry.cancel();
        }
        if (next != null) {
            expiry = server.broker().timers().schedule(next, this::recheck);
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
        execute(this::look);
    }

    private void look() {
        if (ended) {
            return;
        }
        try {
            Identity now = server.access().again(call.caller().identity());
            if (need.isMet(server.access().rights(now, null), call)) {
                watch();
                server.access().verifyAgain(now, gone -> execute(() -> end(unauthorized(gone.reason()))));
                return;
            }
            end(new WireError(WireError.Code.FORBIDDEN, now + " is not allowed any more: " + need.text()));
        } catch (Unauthorized gone) {
            end(unauthorized(gone.reason()));
        } catch (RuntimeException failed) {
            LOG.error("who listens to {} can't be told any more", exchange.line(), failed);
            end(unauthorized("it can't be told any more who you are"));
        }
    }

    private static WireError unauthorized(String why) {
        return new WireError(WireError.Code.UNAUTHORIZED, why);
    }

    /// Tells why in a last event, and ends.
    private void end(WireError why) {
        if (ended) {
            return;
        }
        JsonBytes out = new JsonBytes();
        out.raw("event: stream_ended\ndata: {\"event\":\"stream_ended\",\"code\":")
                .string(why.code().standard())
                .raw(",\"reason\":")
                .string(why.message())
                .raw("}\n\n");
        send(Arrays.copyOf(out.array(), out.length()));
        Identity who = call.caller().identity();
        server.access()
                .audit()
                .record(
                        Audit.Decision.REFUSED,
                        who.toString(),
                        context.channel().remoteAddress(),
                        exchange.lineWithoutQuery(),
                        why.message());
        close();
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
    public long waitingBytes() {
        return 0; // what it does not take is left out
    }

    @Override
    public void tooSlow() {
        close();
    }

    @Override
    public void abort() {
        context.channel().close();
    }
}
