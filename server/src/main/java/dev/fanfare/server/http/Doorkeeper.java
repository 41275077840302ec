package dev.fanfare.server.http;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.security.Access;
import dev.fanfare.server.security.Credentials;
import dev.fanfare.server.security.Identity;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Finds out who sent a request. On the connection's event loop.
final class Doorkeeper {

    private final Access access;

    Doorkeeper(Access access) {
        this.access = access;
    }

    /// Who sent it, as far as that can be said at once; else null, and `later` is told on the event loop: with what
    /// goes on, or throws. The request is kept until then.
    ///
    /// @param then goes on with who it is
    /// @throws dev.fanfare.server.security.Unauthorized when it may not come in
    /// @throws Problem when too many wait to be known
    @Nullable
    Identity identify(Channel channel, HttpRequest request, Consumer<Identity> then, Consumer<Runnable> later) {
        Credentials shown = shown(channel, request);
        Identity known = access.known(shown);
        if (known != null) {
            return known;
        }
        ReferenceCountUtil.retain(request);
        try {
            access.whenItsTurn(() -> {
                Runnable next = verified(shown, then);
                try {
                    channel.eventLoop().execute(() -> {
                        try {
                            later.accept(next);
                        } finally {
                            ReferenceCountUtil.release(request);
                        }
                    });
                } catch (RejectedExecutionException ended) {
                    ReferenceCountUtil.release(request); // nobody is there to be answered
                }
            });
        } catch (RejectedExecutionException full) {
            ReferenceCountUtil.release(request);
            throw Problem.of(
                    new WireError(WireError.Code.BACKPRESSURE, "too many tokens wait to be checked; try again later")
                            .by(Limit.WAITING_TOKENS.label()));
        }
        return null;
    }

    /// What a request shows, or else its connection.
    private static Credentials shown(Channel channel, HttpRequest request) {
        Credentials shown = Credentials.ofHeaders(
                request.headers().get("X-API-Key"), request.headers().get(HttpHeaderNames.AUTHORIZATION));
        return shown == Credentials.NONE ? TlsDoor.credentials(channel) : shown;
    }

    /// On a thread that may wait.
    private Runnable verified(Credentials credentials, Consumer<Identity> then) {
        try {
            Identity identity = access.verify(credentials);
            return () -> then.accept(identity);
        } catch (RuntimeException refused) {
            return () -> {
                throw refused;
            };
        } catch (Error failed) {
            return () -> {
                throw new IllegalStateException("a token could not be checked", failed);
            };
        }
    }
}
