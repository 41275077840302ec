package dev.fanfare.server.http;

import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.security.Tls;
import dev.fanfare.time.Timers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a new connection passes through until it becomes a WebSocket.
public final class HttpPipeline extends ChannelInitializer<Channel> {

    private static final int REQUEST_LINE_MAX = 8 * 1024;
    private static final int HEADERS_MAX = 16 * 1024;

    /// What a connection that came beyond the limits may send as a body, and how long it may take to ask.
    private static final int RESERVE_BODY_MAX = 1024;

    private static final Duration RESERVE_WITHIN = Duration.ofSeconds(2);

    private final HttpContext http;
    private final ChannelGroup connections;
    private final Reserve reserve = new Reserve();

    /// @param connections where each connection is noted until it is closed
    public HttpPipeline(HttpContext http, ChannelGroup connections) {
        this.http = http;
        this.connections = connections;
    }

    /// Watches a listening socket.
    public static ChannelHandler acceptGuard(Timers timers) {
        return new AcceptGuard(timers);
    }

    /// Ends a connection as soon as it has no request under way. Any thread.
    public static void endWhenAnswered(Channel channel) {
        channel.pipeline().fireUserEventTriggered(End.WHEN_ANSWERED);
    }

    /// Sent through the pipeline: why a connection ends.
    enum End {
        /// See [#endWhenAnswered].
        WHEN_ANSWERED,
        /// Its place beyond the limits is another's.
        NO_PLACE
    }

    @Override
    protected void initChannel(Channel channel) {
        SocketAddress from = channel.remoteAddress();
        Limits limits = http.server().limits();
        Tls tls = http.server().access().tls();
        switch (from == null ? null : limits.connected(from)) {
            case null -> serve(channel, tls, null);
            case Limits.Let let -> {
                channel.closeFuture().addListener(closed -> limits.disconnected(let));
                serve(channel, tls, null);
            }
            case Limits.NoRoom noRoom
            when tls != null && noRoom.limit() == Limit.ADDRESS_CONNECTION_RATE -> {
                limits.count(noRoom.limit()); // handshakes are what this limit saves
                channel.close();
            }
            case Limits.NoRoom noRoom -> {
                reserve.enter(channel);
                serve(channel, tls, noRoom);
            }
        }
    }

    private void serve(Channel channel, @Nullable Tls tls, Limits.@Nullable NoRoom noRoom) {
        ServerConfig.Network network = http.server().config().network();
        Duration within = network.handshakeTimeout();
        if (noRoom != null && within.compareTo(RESERVE_WITHIN) > 0) {
            within = RESERVE_WITHIN;
        }
        // Who was turned away counts as that.
        Runnable silent = noRoom == null ? () -> http.server().limits().count(Limit.HANDSHAKE_TIMEOUT) : () -> {};
        RequestDeadline deadline = new RequestDeadline(http.server().broker().timers(), within, silent);
        ChannelPipeline pipeline = channel.pipeline();
        if (tls != null) {
            pipeline.addLast(new TlsDoor(tls));
        }
        pipeline.addLast(deadline);
        pipeline.addLast(new HttpServerCodec(new HttpDecoderConfig()
                .setMaxInitialLineLength(REQUEST_LINE_MAX)
                .setMaxHeaderSize(HEADERS_MAX)));
        pipeline.addLast(new BodyCollector(
                noRoom == null ? http.bodyMax() : RESERVE_BODY_MAX,
                http.server().limits()));
        pipeline.addLast(new HttpExchanges(
                http, deadline, channel, noRoom == null ? null : new TurnedAway(http, channel, noRoom)));
        connections.add(channel);
    }
}
