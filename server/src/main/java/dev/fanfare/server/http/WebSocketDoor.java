package dev.fanfare.server.http;

import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.security.Identity;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/// The way from HTTP to a WebSocket. On the connection's event loop.
public interface WebSocketDoor {

    /// What is wrong with a handshake; null when it can be accepted.
    @Nullable
    Problem check(HttpRequest request);

    /// Accepts a handshake that passed [#check] and takes the connection over: none of the handlers of HTTP is left in
    /// the pipeline afterwards.
    ///
    /// @param identity who the peer is; null when it will say so in its first message
    void open(ChannelHandlerContext context, HttpRequest request, @Nullable Identity identity);
}
