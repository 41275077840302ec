package dev.fanfare.server;

import dev.fanfare.Broker;
import dev.fanfare.server.filter.Expressions;
import dev.fanfare.server.flight.Flight;
import dev.fanfare.server.security.Tls;
import dev.fanfare.server.tracing.Otlp;
import dev.fanfare.server.tracing.Tracing;
import dev.fanfare.store.Store;
import io.netty.util.concurrent.Future;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A broker's topics for everything that speaks WebSocket or HTTP.
///
/// ```java
/// try (var broker = Broker.open();
///         var server = FanfareServer.start(broker, ServerConfig.defaults())) {
///     broker.createTopic("news");
///     broker.publish("news", "what the application publishes, a browser hears");
/// }
/// ```
///
/// Any thread, but none of the server's own may call [#close].
public final class FanfareServer implements AutoCloseable {

    /// The system property of a server whose start is recorded: what no start needs has no place in a cache of starts.
    private static final String REHEARSAL = "fanfare.rehearsal";

    private static final Logger LOG = LoggerFactory.getLogger(FanfareServer.class);

    private final ServerContext context;
    private final boolean ownsBroker;
    private final Runnable end;
    private final Flight flight;
    private final EventLoops loops;
    private final List<Listener> listeners = new ArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    /// @param end of what watches
    private FanfareServer(ServerContext context, boolean ownsBroker, Runnable end) {
        this.context = context;
        this.ownsBroker = ownsBroker;
        this.end = end;
        this.flight = Flight.of(context.broker());
        this.loops = EventLoops.open(context.config().network().eventLoops());
    }

    /// Starts a server with a broker of its own, made as the configuration says and closed with the server.
    ///
    /// @throws ListenException when an address can't be listened on
    /// @throws SettingException when the configuration names a folder for durable topics: who has opened that
    ///     starts the server with [#start(ServerConfig, Store)]
    public static FanfareServer start(ServerConfig config) {
        if (config.durable().data().isPresent()) {
            throw new SettingException(
                    "setting data needs a store: open one in the folder, and start the server with it");
        }
        return startOwn(config, null);
    }

    /// The same with durable topics, which are kept in `store`. It is closed with the server, also when that
    /// does not start.
    ///
    /// @throws ListenException when an address can't be listened on
    /// @throws dev.fanfare.store.StoreException when what is stored can't be read
    public static FanfareServer start(ServerConfig config, Store store) {
        return startOwn(config, store);
    }

    private static FanfareServer startOwn(ServerConfig config, @Nullable Store store) {
        Broker broker = open(config, store);
        try {
            return start(broker, config, true);
        } catch (RuntimeException | Error failed) {
            broker.close();
            throw failed;
        }
    }

    /// Starts a server for a broker that the application uses itself and closes after the server. What the
    /// configuration says about topics, their number and their histories does not change this broker.
    ///
    /// @throws ListenException when an address can't be listened on
    public static FanfareServer start(Broker broker, ServerConfig config) {
        return start(broker, config, false);
    }

    /// The same, and spans of messages go to the application's OpenTelemetry, whatever the setting `tracing` says.
    ///
    /// @throws ListenException when an address can't be listened on
    public static FanfareServer start(Broker broker, ServerConfig config, OpenTelemetry telemetry) {
        Tracing tracing = new Tracing(telemetry.getTracerProvider(), broker);
        return start(broker, new Configuration(config, null), false, tracing, tracing::close);
    }

    private static FanfareServer start(Broker broker, ServerConfig config, boolean ownsBroker) {
        Configuration configuration = new Configuration(config, ownsBroker ? broker : null);
        URI endpoint = config.telemetry().tracing().orElse(null);
        if (endpoint == null) {
            return start(broker, configuration, ownsBroker, null, () -> {});
        }
        SdkTracerProvider provider =
                Otlp.open(endpoint, () -> configuration.now().telemetry().tracingSample());
        Tracing tracing = new Tracing(provider, broker);
        return start(broker, configuration, ownsBroker, tracing, () -> {
            tracing.close();
            provider.close();
        });
    }

    private static FanfareServer start(
            Broker broker, Configuration configuration, boolean ownsBroker, @Nullable Tracing tracing, Runnable end) {
        FanfareServer server;
        try {
            server = new FanfareServer(ServerContext.of(broker, configuration, tracing), ownsBroker, end);
        } catch (RuntimeException | Error failed) {
            end.run();
            throw failed;
        }
        try {
            server.listen();
            return server;
        } catch (RuntimeException | Error failed) {
            server.context.connections().drain(); // whatever has begun with it ends
            server.listeners.forEach(Listener::close);
            server.loops.close();
            server.context.close();
            server.flight.close();
            end.run();
            throw failed;
        }
    }

    private static Broker open(ServerConfig config, @Nullable Store store) {
        try {
            return Broker.open(config.broker().withStore(store));
        } catch (RuntimeException | Error failed) {
            if (store != null) {
                store.close();
            }
            throw failed;
        }
    }

    private void listen() {
        Listeners opening = new Listeners(context, loops);
        ServerConfig.Network network = context.config().network();
        listeners.add(opening.open(Dialect.STANDARD, network.port()));
        network.flatPort().ifPresent(port -> listeners.add(opening.open(Dialect.FLAT, port)));
        LOG.debug("event loops use {}", loops.transport());
        context.alerts().begin(opening.metrics()::samples);
        if (!Boolean.getBoolean(REHEARSAL)) {
            // The first filter of a process takes a second of computing: now rather than when a peer waits for it.
            Thread.ofVirtual().name("fanfare-filters").start(Expressions::warmUp);
        }
    }

    /// The version of Fanfare.
    public static String version() {
        return Version.text();
    }

    /// The broker whose topics are served.
    public Broker broker() {
        return context.broker();
    }

    /// Says where settings come from, so that [#reload] can read them anew; so can `POST /config/reload` then.
    ///
    /// @param begun what this server was started with
    /// @param source reads them; throws [SettingException] when something in them is wrong
    /// @param taken does with settings that were taken what the server can't do itself, such as with the log
    public void readSettingsFrom(Settings begun, Supplier<Settings> source, Consumer<Settings> taken) {
        context.configuration().readFrom(begun, source, taken);
    }

    /// Reads the settings anew and goes on with those that can change while a server runs ([Setting#isLive]): with
    /// all of them, or with none if anything is wrong. Connections, topics and names that there are keep what they
    /// began with.
    /// Waits for files; any thread that may.
    ///
    /// @return what has changed, and what will at the next start
    /// @throws SettingException when something in them is wrong, or [#readSettingsFrom] was not called
    public Reload reload() {
        return context.configuration().reload();
    }

    /// What the server runs with now.
    public ServerConfig config() {
        return context.config();
    }

    /// The address it listens on, as configured.
    public String host() {
        return context.config().network().host();
    }

    /// The port of the standard dialect: the one asked for, or the free one that was found.
    public int port() {
        return listeners.getFirst().port();
    }

    /// The port of the flat dialect, if it is served.
    public OptionalInt flatPort() {
        return listeners.size() < 2
                ? OptionalInt.empty()
                : OptionalInt.of(listeners.getLast().port());
    }

    /// How the sockets are served: `epoll`, or `nio` where that does not load.
    public String transport() {
        return loops.transport();
    }

    /// What encrypts connections: `openssl`, or `jdk` where that does not load; empty when nothing does.
    public String encryption() {
        Tls tls = context.access().tls();
        return tls == null ? "" : tls.provider();
    }

    /// How many peers hold a session or a stream.
    public int connections() {
        return context.connections().count();
    }

    /// Shuts down: takes no new connections and requests, refuses new operations, sends what is queued, says
    /// goodbye to every peer, spread over `drain-jitter`, and ends those that have not taken it within
    /// `shutdown-grace`. When it returns, nothing of the server is left. Idempotent.
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            closed.join();
            return;
        }
        try {
            drain();
        } finally {
            listeners.forEach(Listener::close);
            loops.close();
            context.close();
            flight.close();
            end.run();
            if (ownsBroker) {
                context.broker().close();
            }
            closed.complete(null);
        }
    }

    private void drain() {
        ServerConfig.Shutdown shutdown = context.config().shutdown();
        // First, so that whoever gets through the door while it closes is told.
        List<Connections.Peer> peers = context.connections().drain();
        listeners.forEach(Listener::stopAccepting);
        passLoops(shutdown.grace());
        long jitterMillis = shutdown.drainJitter().toMillis();
        for (Connections.Peer peer : peers) {
            long delay = jitterMillis == 0 ? 0 : ThreadLocalRandom.current().nextLong(jitterMillis + 1);
            loops.group().next().schedule(peer::close, delay, TimeUnit.MILLISECONDS);
        }
        long boundMillis = jitterMillis + shutdown.grace().toMillis();
        try {
            List<CompletableFuture<Void>> ends = new ArrayList<>();
            ends.add(context.connections().whenEmpty());
            listeners.forEach(listener -> ends.add(listener.requestsAnswered()));
            CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).get(boundMillis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            LOG.info("{} connections did not take what was queued for them in time", connections());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException impossible) {
            LOG.error("a connection could not be closed", impossible);
        }
        context.connections().abort();
    }

    /// Returns when every loop has done what it was told so far: then no peer can publish any more, and what was
    /// published is with the subscribers' loops before they are told to close.
    private void passLoops(Duration grace) {
        List<Future<?>> passed = new ArrayList<>();
        loops.group().forEach(loop -> passed.add(loop.submit(() -> {})));
        passed.forEach(one -> one.awaitUninterruptibly(grace.toMillis()));
    }
}
