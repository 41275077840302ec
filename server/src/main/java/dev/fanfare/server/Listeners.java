package dev.fanfare.server;

import dev.fanfare.server.docs.Pages;
import dev.fanfare.server.http.HttpContext;
import dev.fanfare.server.http.HttpPipeline;
import dev.fanfare.server.http.SlowCalls;
import dev.fanfare.server.http.WebSocketDoor;
import dev.fanfare.server.metrics.Metrics;
import dev.fanfare.server.rest.Apis;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.rest.Route;
import dev.fanfare.server.rest.Routes;
import dev.fanfare.server.rest.Uptime;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.session.SessionContext;
import dev.fanfare.server.session.SessionLoops;
import dev.fanfare.server.session.WireKinds;
import dev.fanfare.server.websocket.WebSocketUpgrade;
import dev.fanfare.time.Timers;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpRequest;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Opens the listeners of one server; they share its event loops and encodings.
final class Listeners {

    private static final int BACKLOG = 4_096;
    private static final String SERVER_NAME = "Fanfare/" + Version.text();

    private final ServerContext server;
    private final EventLoops loops;
    private final SessionLoops sessionLoops;
    private final WireKinds kinds;
    private final Uptime uptime;
    private final Metrics metrics;

    Listeners(ServerContext server, EventLoops loops) {
        Timers timers = server.broker().timers();
        this.server = server;
        this.loops = loops;
        this.sessionLoops = new SessionLoops(
                loops.group(),
                server::config,
                server.broker().timers(),
                server.limits().pressure());
        this.kinds = new WireKinds(server::config, timers);
        server.configuration().onReload(kinds::reconfigured);
        this.uptime = new Uptime(timers);
        this.metrics = new Metrics(server, uptime::exact);
    }

    /// The figures that the listeners tell.
    Metrics metrics() {
        return metrics;
    }

    /// Listens.
    ///
    /// @throws ListenException when the address can't be listened on
    Listener open(Dialect dialect, int port) {
        ChannelGroup connections = new DefaultChannelGroup(loops.group().next(), true);
        SlowCalls slowCalls = new SlowCalls();
        List<Route> routes = new ArrayList<>(Apis.of(dialect, server, uptime, metrics, kinds::event, kinds::reply));
        routes.addAll(Pages.of(dialect));
        HttpContext http = new HttpContext(
                server, dialect, new Routes(routes), door(dialect, connections, slowCalls), slowCalls, SERVER_NAME);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.listener())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .handler(HttpPipeline.acceptGuard(server.broker().timers()))
                .childHandler(new HttpPipeline(http, connections));
        String host = server.config().network().host();
        ChannelFuture bound =
                bootstrap.bind(new InetSocketAddress(unbracketed(host), port)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            slowCalls.close();
            throw refused(dialect, host, port, bound.cause());
        }
        return new Listener(bound.channel(), connections, slowCalls);
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private static ListenException refused(Dialect dialect, String host, int port, Throwable cause) {
        String setting = dialect == Dialect.FLAT ? "flat-port" : "port";
        String address = host + ":" + port;
        String text = String.valueOf(cause.getMessage());
        if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
            return new ListenException("can't listen on " + address + ": no such host (setting host)", cause);
        }
        if (text.contains("in use")) {
            return new ListenException(
                    "can't listen on " + address + ": the port is taken; choose another (setting " + setting + ")",
                    cause);
        }
        return new ListenException(
                "can't listen on " + address + ": " + text + " (settings host and " + setting + ")", cause);
    }

    private WebSocketDoor door(Dialect dialect, ChannelGroup httpConnections, SlowCalls slowCalls) {
        SessionContext sessions = new SessionContext(server, dialect, sessionLoops, kinds, slowCalls::run);
        return new WebSocketDoor() {
            @Override
            public @Nullable Problem check(HttpRequest request) {
                WebSocketUpgrade.Refusal refusal = WebSocketUpgrade.check(request);
                return refusal == null ? null : Problem.badRequest(refusal.status(), refusal.reason());
            }

            @Override
            public void open(ChannelHandlerContext context, HttpRequest request, @Nullable Identity identity) {
                Channel channel = context.channel();
                httpConnections.remove(channel); // from here on the session is what a shutdown reaches
                WebSocketUpgrade.accept(context, request, sessions, identity, SERVER_NAME);
            }
        };
    }
}
