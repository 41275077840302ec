package dev.fanfare.server.http;

import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.security.Audit;
import dev.fanfare.server.security.Identity;
import io.netty.channel.Channel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whose the requests of a connection are: what they take counts for that client, and what they are refused is recorded
/// of it. On the connection's event loop.
final class Conduct {

    private final ServerContext server;
    private final Channel channel;
    private final PublishLimit limit;
    private @Nullable Account client;
    private @Nullable Identity identity;

    Conduct(HttpContext http, Channel channel) {
        this.server = http.server();
        this.channel = channel;
        this.limit = PublishLimit.of(server, http.dialect(), "from " + channel.remoteAddress());
    }

    /// What they may publish.
    PublishLimit limit() {
        return limit;
    }

    /// Whose what follows is; null: nobody's any more.
    void becomes(@Nullable Identity who) {
        if (Objects.equals(who, identity)) {
            return;
        }
        if (client != null) {
            server.limits().release(client);
        }
        identity = who;
        client = who == null ? null : server.limits().client(who, channel.remoteAddress());
        limit.belongsTo(client);
    }

    /// Records what became of a request.
    void record(Audit.Decision decision, Exchange exchange, String why) {
        record(decision, exchange.lineWithoutQuery(), why);
    }

    /// Records that a topic was made because somebody used it.
    void made(String topic) {
        record(Audit.Decision.DONE, "make topic " + topic, "by using it");
    }

    private void record(Audit.Decision decision, String what, String why) {
        String who = identity == null ? "nobody known" : identity.toString();
        server.access().audit().record(decision, who, channel.remoteAddress(), what, why);
    }
}
