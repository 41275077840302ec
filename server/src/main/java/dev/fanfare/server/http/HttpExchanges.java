package dev.fanfare.server.http;

import dev.fanfare.feed.Feed;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.LogLimit;
import dev.fanfare.server.LogSubject;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.rest.Answer;
import dev.fanfare.server.rest.Call;
import dev.fanfare.server.rest.Caller;
import dev.fanfare.server.rest.Endpoint;
import dev.fanfare.server.rest.Need;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.rest.Problems;
import dev.fanfare.server.rest.Route;
import dev.fanfare.server.rest.Routes;
import dev.fanfare.server.rest.Target;
import dev.fanfare.server.security.Audit;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Unauthorized;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the requests of one connection, one after the other and in their order, however many are sent at
/// once.
final class HttpExchanges extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.http");
    private static final LogLimit LIMIT = new LogLimit(LOG);
    private static final List<String> WEB_SOCKET = List.of("ws");

    /// The answers that say that somebody may not do something, or not so much of it.
    private static final Set<Integer> AUDITED = Set.of(401, 403, 429, 503, 507);

    private static final String WEB_SOCKET_METHODS = "GET, OPTIONS";

    private final HttpContext http;
    private final RequestDeadline deadline;
    private final Deque<Object> waiting = new ArrayDeque<>();

    /// What followed a handshake in the same bytes; only while the handlers of HTTP are leaving for a WebSocket.
    private @Nullable List<ByteBuf> early;

    private final Conduct conduct;

    /// Why it may ask nothing but whether the server is well; null: it may.
    private final @Nullable TurnedAway turnedAway;

    private @Nullable EventStream stream;
    private boolean busy;

    /// Whether what is being answered changes more than the messages of a topic.
    private boolean manages;

    private boolean closing;

    HttpExchanges(HttpContext http, RequestDeadline deadline, Channel channel, @Nullable TurnedAway turnedAway) {
        this.turnedAway = turnedAway;
        this.conduct = new Conduct(http, channel);
        this.http = http;
        this.deadline = deadline;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        conduct.becomes(null);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf bytes) {
            // Undecoded bytes come when the decoder is leaving.
            if (early != null) {
                early.add(bytes);
            } else {
                bytes.release();
            }
            return;
        }
        if (closing || stream != null) {
            ReferenceCountUtil.release(message);
            return;
        }
        waiting.add(message);
        next(context);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    private void next(ChannelHandlerContext context) {
        while (!busy && !closing && !waiting.isEmpty()) {
            deadline.answering();
            switch (waiting.remove()) {
                case FullHttpRequest request -> {
                    try {
                        exchange(context, request);
                    } finally {
                        request.release();
                    }
                }
                case BodyCollector.Refused(Problem why) -> refuse(context, Exchange.unread(http), why);
                default -> throw new IllegalStateException("not a request");
            }
        }
    }

    private void exchange(ChannelHandlerContext context, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            refuse(
                    context,
                    Exchange.unread(http),
                    HttpProblems.undecodable(request.decoderResult().cause()));
            return;
        }
        Exchange exchange = Exchange.of(http, request);
        if (turnedAway != null) {
            exchange = exchange.closing();
        }
        try {
            if (request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                    && request.headers().getAll(HttpHeaderNames.HOST).size() != 1) {
                throw Problem.badRequest(400, "a request must have one Host header");
            }
            Target target = Target.parse(request.uri());
            if (http.server().draining()) {
                throw Problem.of(new WireError(
                        WireError.Code.SHUTTING_DOWN, "the server is shutting down; try again later or elsewhere"));
            }
            if (turnedAway != null) {
                turnedAway.check(target);
            }
            if (target.segments().equals(WEB_SOCKET)) {
                openWebSocket(context, request, exchange, target);
            } else {
                route(context, request, exchange, target);
            }
        } catch (RuntimeException thrown) {
            refuse(context, exchange, HttpProblems.of(thrown));
        }
    }

    private void openWebSocket(
            ChannelHandlerContext context, FullHttpRequest request, Exchange exchange, Target target) {
        if (request.method().equals(HttpMethod.OPTIONS)) {
            answer(context, exchange.preflight(WEB_SOCKET_METHODS), Answer.empty(204));
            return;
        }
        if (!request.method().equals(HttpMethod.GET)) {
            send(
                    context,
                    exchange.with("Allow", WEB_SOCKET_METHODS),
                    Problem.badRequest(405, "/ws takes " + WEB_SOCKET_METHODS));
            return;
        }
        if (!request.headers().containsValue(HttpHeaderNames.UPGRADE, "websocket", true)) {
            send(
                    context,
                    exchange.with("Upgrade", "websocket").with("Connection", "Upgrade"),
                    Problem.badRequest(426, "/ws speaks WebSocket: the header 'Upgrade: websocket' is missing"));
            return;
        }
        if (!exchange.originAllowed()) {
            throw HttpProblems.forbiddenOrigin(exchange);
        }
        Problem problem = http.webSockets().check(request);
        if (problem == null) {
            if (saysWhoInMessage(target)) {
                upgrade(context, request, null);
            } else {
                identify(context, exchange, request, identity -> upgrade(context, request, identity));
            }
        } else if (problem.status() == 426) {
            send(
                    context,
                    exchange.with("Sec-WebSocket-Version", "13")
                            .with("Upgrade", "websocket")
                            .with("Connection", "Upgrade"),
                    problem);
        } else {
            throw problem;
        }
    }

    /// Browsers can't send headers with a handshake.
    private boolean saysWhoInMessage(Target target) {
        return http.dialect() == Dialect.STANDARD
                && http.server().access().isGuarded()
                && "message".equals(target.query().get("auth"));
    }

    private void upgrade(ChannelHandlerContext context, FullHttpRequest request, @Nullable Identity identity) {
        Channel channel = context.channel();
        closing = true;
        releaseWaiting();
        List<ByteBuf> followed = new ArrayList<>(0);
        early = followed;
        http.webSockets().open(context, request, identity);
        followed.forEach(channel.pipeline()::fireChannelRead);
        channel.pipeline().fireChannelReadComplete();
    }

    /// Finds out who sent a request, and goes on with that: at once, or when it is known; then nothing is read
    /// meanwhile.
    ///
    /// @throws Unauthorized when it may not come in
    private void identify(
            ChannelHandlerContext context, Exchange exchange, FullHttpRequest request, Consumer<Identity> then) {
        Identity known = new Doorkeeper(http.server().access())
                .identify(context.channel(), request, then, next -> goOn(context, exchange, next));
        if (known != null) {
            then.accept(known);
        } else {
            pause(context);
        }
    }

    private void goOn(ChannelHandlerContext context, Exchange exchange, Runnable action) {
        if (closing) {
            return;
        }
        busy = false;
        context.channel().config().setAutoRead(true);
        try {
            action.run();
        } catch (RuntimeException thrown) {
            refuse(context, exchange, HttpProblems.of(thrown));
        }
        if (!closing && !busy) {
            next(context);
            context.flush();
        }
    }

    private void route(ChannelHandlerContext context, FullHttpRequest request, Exchange exchange, Target target) {
        String method = request.method().name();
        Routes.Match match = http.routes().match(method, target.segments());
        switch (match) {
            case Routes.Nothing nothing ->
                throw Problem.badRequest(404, "there is nothing at " + Excerpt.of(target.path()));
            case Routes.WrongMethod(String allowed)
            when method.equals("OPTIONS") -> answer(context, exchange.preflight(allowed), Answer.empty(204));
            case Routes.WrongMethod(String allowed) ->
                send(
                        context,
                        exchange.with("Allow", allowed),
                        Problem.badRequest(405, Excerpt.of(target.path()) + " takes " + allowed));
            case Routes.Found(Route route, Map<String, String> variables) -> {
                exchange.tally().found(route);
                if (!exchange.reads() && !exchange.originAllowed()) {
                    throw HttpProblems.forbiddenOrigin(exchange);
                }
                Call.Line connection = new Call.Line(
                        context.executor(), () -> context.channel().isActive());
                Consumer<Identity> make = identity -> {
                    conduct.becomes(identity);
                    Caller caller = new Caller(identity, http.server().access().rights(identity, null));
                    Call call = exchange.call(caller, request, variables, target.query(), conduct, connection);
                    caller.check(route.need(), call);
                    run(context, exchange, route, call);
                };
                if (route.need() == Need.NOTHING) {
                    make.accept(Identity.ANONYMOUS);
                } else {
                    identify(context, exchange, request, make);
                }
            }
        }
    }

    private void run(ChannelHandlerContext context, Exchange exchange, Route route, Call call) {
        manages = !exchange.reads() && !route.need().equals(Need.topic(Operation.PUBLISH));
        switch (route.endpoint()) {
            case Endpoint.Quick quick -> {
                answer(context, exchange, quick.answer(call));
                hold(context, call);
            }
            case Endpoint.Later later -> await(context, exchange, later.begin(call), call);
            case Endpoint.Slow slow -> {
                pause(context);
                http.slowCalls().run(() -> runSlowly(context, exchange, slow, call));
            }
            case Endpoint.Streaming streaming -> {
                if (exchange.headOnly()) {
                    answer(context, exchange, Answer.empty(200));
                    return;
                }
                stream = new EventStream(context, exchange, route.need(), call, streaming.open(call), http.server());
                // Nothing that comes behind it is read: nor is it kept until it would be whole.
                context.pipeline().remove(BodyCollector.class);
                stream.begin();
            }
        }
    }

    private void await(ChannelHandlerContext context, Exchange exchange, Endpoint.Answering answering, Call call) {
        if (answering.ready().isDone()) {
            answer(context, exchange, answering.answer().get());
            hold(context, call);
            return;
        }
        pause(context);
        var _ = answering
                .ready()
                .whenComplete((_, _) -> context.executor().execute(() -> {
                    try {
                        answer(context, exchange, answering.answer().get());
                    } catch (RuntimeException thrown) {
                        send(context, exchange, HttpProblems.of(thrown));
                    }
                    context.flush();
                    if (call.congested() == null) {
                        resume(context);
                    } else {
                        hold(context, call);
                    }
                }));
    }

    private void runSlowly(ChannelHandlerContext context, Exchange exchange, Endpoint.Slow endpoint, Call call) {
        Answer answer;
        try {
            answer = endpoint.answer(call);
        } catch (RuntimeException thrown) {
            Problem problem = HttpProblems.of(thrown);
            logRefused(context, exchange, problem);
            answer = Problems.answer(http.dialect(), problem);
        }
        Answer made = answer;
        context.executor().execute(() -> {
            answer(context, exchange, made);
            context.flush();
            resume(context);
        });
    }

    /// When a publish has filled a feed, its connection is not read until there is room.
    private void hold(ChannelHandlerContext context, Call call) {
        Feed<?> full = call.congested();
        if (full != null) {
            pause(context);
            full.onRoom(() -> context.executor().execute(() -> resume(context)));
        }
    }

    private void pause(ChannelHandlerContext context) {
        busy = true;
        context.channel().config().setAutoRead(false);
    }

    private void resume(ChannelHandlerContext context) {
        busy = false;
        if (!closing) {
            context.channel().config().setAutoRead(true);
            next(context);
            context.flush();
        }
    }

    /// Answers a request after which nothing the peer sends can be trusted to be another one.
    private void refuse(ChannelHandlerContext context, Exchange exchange, Problem problem) {
        send(context, exchange.known() ? exchange : exchange.closing(), problem);
    }

    private void send(ChannelHandlerContext context, Exchange exchange, Problem problem) {
        logRefused(context, exchange, problem);
        Exchange last = problem.code().equals(WireError.Code.SHUTTING_DOWN.standard()) ? exchange.closing() : exchange;
        answer(context, last, Problems.answer(http.dialect(), problem));
    }

    private void logRefused(ChannelHandlerContext context, Exchange exchange, Problem problem) {
        if (AUDITED.contains(problem.status())) {
            conduct.record(Audit.Decision.REFUSED, exchange, problem.detail());
        }
        exchange.tally().refused(LIMIT, exchange.shown(), context.channel(), problem);
    }

    private void answer(ChannelHandlerContext context, Exchange exchange, Answer answer) {
        if (manages) {
            manages = false;
            if (answer.status() < 400) {
                conduct.record(Audit.Decision.DONE, exchange, "status " + answer.status());
            }
        }
        if (!context.channel().isActive()) {
            return;
        }
        exchange.tally().answered(answer.status());
        if (exchange.keepAlive()) {
            context.write(exchange.response(answer), context.voidPromise());
            if (waiting.isEmpty()) {
                deadline.answered();
            }
        } else {
            closing = true;
            releaseWaiting();
            context.writeAndFlush(exchange.response(answer)).addListener(written -> Farewell.to(context.channel()));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == RequestDeadline.Late.REQUEST) {
            late(context);
        } else if (event == HttpPipeline.End.WHEN_ANSWERED) {
            if (deadline.idle()) {
                context.close();
            }
        } else if (event == HttpPipeline.End.NO_PLACE && (busy || !TlsDoor.isOpen(context.pipeline()))) {
            context.close();
        } else if (event == HttpPipeline.End.NO_PLACE) {
            unheard(context);
        } else {
            context.fireUserEventTriggered(event);
        }
    }

    /// It came beyond the limits and has asked nothing.
    private void unheard(ChannelHandlerContext context) {
        if (!closing && !busy && turnedAway != null) {
            refuse(context, Exchange.unread(http), turnedAway.problem());
            context.flush();
        }
    }

    private void late(ChannelHandlerContext context) {
        if (closing) {
            return;
        }
        if (turnedAway != null) {
            unheard(context);
            return;
        }
        long millis = http.server().config().network().handshakeTimeout().toMillis();
        http.server().limits().count(Limit.HANDSHAKE_TIMEOUT);
        refuse(
                context,
                Exchange.unread(http),
                Problem.badRequest(
                        408, "the request was not complete within " + millis + " ms (setting handshake-timeout)"));
        context.flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closing = true;
        releaseWaiting();
        EventStream ended = stream;
        if (ended != null) {
            ended.ended();
        }
        context.fireChannelInactive();
    }

    private void releaseWaiting() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        SSLException tls = TlsDoor.problem(cause);
        if (tls != null) {
            LIMIT.info(
                    http.server().broker().timers().nanoTime(),
                    "TLS with {} failed: {}",
                    context.channel().remoteAddress(),
                    String.valueOf(tls.getMessage()));
        } else if (!(cause instanceof IOException)) {
            Channel failed = context.channel();
            LogSubject.of(failed.id().asShortText())
                    .during(() -> LOG.error("a connection from {} failed", failed.remoteAddress(), cause));
        }
        context.close();
    }
}
