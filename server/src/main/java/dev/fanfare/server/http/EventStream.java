package dev.fanfare.server.http;

import dev.fanfare.server.Connections;
import dev.fanfare.server.rest.Endpoint;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// An answer that goes on for as long as the peer listens. On the connection's event loop.
final class EventStream implements Endpoint.StreamSink, Connections.Peer {

    private final ChannelHandlerContext context;
    private final Exchange exchange;
    private final Endpoint.StreamSource source;
    private final Connections connections;
    private final List<ScheduledFuture<?>> timers = new ArrayList<>();
    private boolean ended;

    EventStream(
            ChannelHandlerContext context, Exchange exchange, Endpoint.StreamSource source, Connections connections) {
        this.context = context;
        this.exchange = exchange;
        this.source = source;
        this.connections = connections;
    }

    void begin() {
        context.writeAndFlush(exchange.stream(source.contentType()), context.voidPromise());
        connections.add(this);
        source.begin(this);
    }

    /// The connection is gone.
    void ended() {
        if (!ended) {
            ended = true;
            timers.forEach(timer -> timer.cancel(false));
            source.end();
            connections.remove(this);
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
