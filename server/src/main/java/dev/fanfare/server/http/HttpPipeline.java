package dev.fanfare.server.http;

import dev.fanfare.protocol.WireError;
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

/// What a new connection passes through until it becomes a WebSocket.
public final class HttpPipeline extends ChannelInitializer<Channel> {

    private static final int REQUEST_LINE_MAX = 8 * 1024;
    private static final int HEADERS_MAX = 16 * 1024;

    private final HttpContext http;
    private final ChannelGroup connections;

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

    /// Sent through the pipeline by [#endWhenAnswered].
    enum End {
        WHEN_ANSWERED
    }

    @Override
    protected void initChannel(Channel channel) {
        SocketAddress from = channel.remoteAddress();
        WireError refused = from == null ? null : http.server().limits().connected(from);
        if (refused != null) {
            Refusal.of(channel, refused, http.server().access().tls() != null);
            return;
        }
        if (from != null) {
            channel.closeFuture().addListener(closed -> http.server().limits().disconnected(from));
        }
        RequestDeadline deadline = new RequestDeadline(
                http.server().broker().timers(),
                http.server().config().network().handshakeTimeout());
        ChannelPipeline pipeline = channel.pipeline();
        Tls tls = http.server().access().tls();
        if (tls != null) {
            pipeline.addLast(new TlsDoor(tls, http.server().config().network().handshakeTimeout()));
        }
        pipeline.addLast(deadline);
        pipeline.addLast(new HttpServerCodec(new HttpDecoderConfig()
                .setMaxInitialLineLength(REQUEST_LINE_MAX)
                .setMaxHeaderSize(HEADERS_MAX)));
        pipeline.addLast(new BodyCollector(http.bodyMax()));
        pipeline.addLast(new HttpExchanges(http, deadline, channel));
        connections.add(channel);
    }
}
