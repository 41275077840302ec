package dev.fanfare.server;

import dev.fanfare.server.http.HttpPipeline;
import dev.fanfare.server.http.SlowCalls;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/// A listening socket and the HTTP connections that came through it.
///
/// @param connections those that are no WebSockets
record Listener(Channel socket, ChannelGroup connections, SlowCalls slowCalls) {

    int port() {
        return ((InetSocketAddress) socket.localAddress()).getPort();
    }

    /// Takes no more connections.
    void stopAccepting() {
        socket.close().awaitUninterruptibly();
    }

    /// Asks every HTTP connection to end when it has been answered; completes when all have.
    CompletableFuture<Void> requestsAnswered() {
        connections.forEach(HttpPipeline::endWhenAnswered);
        CompletableFuture<Void> answered = new CompletableFuture<>();
        connections.newCloseFuture().addListener(closed -> answered.complete(null));
        return answered;
    }

    /// Ends what is left, at once.
    void close() {
        socket.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
        slowCalls.close();
    }
}
