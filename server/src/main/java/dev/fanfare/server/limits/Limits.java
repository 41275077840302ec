package dev.fanfare.server.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.fanfare.BrokerLimit;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.security.Identity;
import dev.fanfare.time.Timers;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What each client and each address may still take, and what was refused so far. A *client* is an identity, or
/// for those who show none their address. Those who are connected are known as long as they are, whether anything
/// is limited or not, so that limits set while the server runs hold for them too; of others so many, for so long,
/// if there is something to remember. Any thread.
public final class Limits {

    private static final int IDLE_MAX = 100_000;
    private static final Duration IDLE_FOR = Duration.ofMinutes(10);

    /// Whoever has one address of IPv6 has a network of so many bytes of them.
    private static final int NETWORK_BYTES = 8;

    private static final int BODIES_PART = 4;

    private final Supplier<ServerConfig.ClientLimits> limits;
    private final Timers timers;
    private final Pressure pressure;
    private final AtomicInteger connections = new AtomicInteger();
    private final LongAdder bodies = new LongAdder();
    private final Map<String, Account> held = new ConcurrentHashMap<>();
    private final Cache<String, Account> idle;
    private final Map<String, LongAdder> refused = new LinkedHashMap<>();

    /// Nothing is taken yet.
    ///
    /// @param limits those of the moment
    public Limits(Supplier<ServerConfig.ClientLimits> limits, Timers timers, Pressure pressure) {
        this.limits = limits;
        this.timers = timers;
        this.pressure = pressure;
        this.idle = Caffeine.newBuilder()
                .maximumSize(IDLE_MAX)
                .expireAfterWrite(IDLE_FOR)
                .ticker(timers::nanoTime)
                .executor(Runnable::run)
                .build();
        for (Limit limit : Limit.values()) {
            refused.put(limit.label(), new LongAdder());
        }
        for (BrokerLimit limit : BrokerLimit.values()) {
            refused.put(limit.label(), new LongAdder());
        }
    }

    /// How much waits for all clients together.
    public Pressure pressure() {
        return pressure;
    }

    /// How many connections count now.
    public int connections() {
        return connections.get();
    }

    /// Something was refused.
    public void count(Limit limit) {
        count(limit.label());
    }

    /// A peer was told of a refusal.
    ///
    /// @param limit the label of one; null, and everything else, is not counted
    public void count(@Nullable String limit) {
        LongAdder counter = limit == null ? null : refused.get(limit);
        if (counter != null) {
            counter.increment();
        }
    }

    /// How often something was refused, by the labels of the limits; all of them, in their order.
    public Map<String, Long> refusals() {
        Map<String, Long> counts = new LinkedHashMap<>();
        refused.forEach((limit, count) -> counts.put(limit, count.sum()));
        return counts;
    }

    private WireError refuse(Limit limit, WireError.Code code, String why, long retryMillis) {
        count(limit);
        return new WireError(code, why, retryMillis);
    }

    // ---- connections

    /// What a connection hears that comes.
    public sealed interface Arrival {}

    /// There is room: it counts until [#disconnected].
    ///
    /// @param address what its address has taken
    public record Let(Account address) implements Arrival {}

    /// There is no room for it.
    ///
    /// @param limit to be counted when the connection is turned away for it
    public record NoRoom(Limit limit, WireError why) implements Arrival {}

    /// A connection comes.
    public Arrival connected(SocketAddress from) {
        ServerConfig.ClientLimits config = limits.get();
        Account account = acquire(key(from));
        NoRoom noRoom = noRoom(config, account);
        if (noRoom == null) {
            return new Let(account);
        }
        release(account);
        return noRoom;
    }

    private @Nullable NoRoom noRoom(ServerConfig.ClientLimits config, Account account) {
        // The rate first: it saves handshakes, also those of connections that there is no room for anyway.
        long millis = Account.take(account.buckets(config).opening(), 1);
        if (millis != 0) {
            return new NoRoom(
                    Limit.ADDRESS_CONNECTION_RATE,
                    new WireError(
                            WireError.Code.RATE_LIMITED,
                            "this address connects too often (setting address-connection-rate)",
                            millis));
        }
        if (pressure.isHigh()) {
            return new NoRoom(Limit.BUFFER_MEMORY, memory());
        }
        if (connections.incrementAndGet() > config.maxConnections()) {
            connections.decrementAndGet();
            return new NoRoom(
                    Limit.CONNECTIONS,
                    new WireError(
                            WireError.Code.LIMIT_REACHED,
                            "the server has " + config.maxConnections() + " connections; more are not taken (setting"
                                    + " max-connections)"));
        }
        if (account.connections.incrementAndGet() > config.addressConnections()) {
            account.connections.decrementAndGet();
            connections.decrementAndGet();
            return new NoRoom(
                    Limit.ADDRESS_CONNECTIONS,
                    new WireError(
                            WireError.Code.LIMIT_REACHED,
                            "this address has " + config.addressConnections() + " connections; more are not taken"
                                    + " (setting address-connections)"));
        }
        return null;
    }

    /// A connection that counted is gone.
    public void disconnected(Let gone) {
        connections.decrementAndGet();
        gone.address.connections.decrementAndGet();
        release(gone.address);
    }

    // ---- clients

    /// The account of a client, to be given back with [#release].
    public Account client(Identity identity, SocketAddress from) {
        return acquire(
                identity.kind() == Identity.Kind.ANONYMOUS
                        ? "client " + key(from)
                        : identity.kind() + " " + identity.name());
    }

    private Account acquire(String key) {
        return held.compute(key, (_, there) -> {
            Account account = there;
            if (account == null) {
                account = idle.asMap().remove(key);
            }
            if (account == null) {
                account = new Account(key, timers);
            }
            account.holders++;
            return account;
        });
    }

    /// Nobody here needs this account any more.
    public void release(Account account) {
        held.computeIfPresent(account.key, (key, there) -> {
            if (--there.holders > 0) {
                return there;
            }
            if (there.remembers()) {
                idle.put(key, there);
            }
            return null;
        });
    }

    private static String key(SocketAddress from) {
        if (!(from instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return from.toString();
        }
        return inet.getAddress() instanceof Inet6Address address
                ? HexFormat.of().formatHex(address.getAddress(), 0, NETWORK_BYTES)
                : inet.getAddress().getHostAddress();
    }

    /// A session begins.
    ///
    /// @return why it may not; null: it counts until [#closed]
    public @Nullable WireError opened(Account client) {
        int most = limits.get().connections();
        if (client.connections.incrementAndGet() <= most) {
            return null;
        }
        client.connections.decrementAndGet();
        return refuse(
                Limit.CLIENT_CONNECTIONS,
                WireError.Code.LIMIT_REACHED,
                "this client has " + most + " connections; more are not taken (setting client-connections)",
                WireError.LATER_MILLIS);
    }

    /// A session that counted has ended.
    public void closed(Account client) {
        client.connections.decrementAndGet();
    }

    /// A client has more subscriptions, or fewer.
    public void subscribed(Account client, int more) {
        client.subscriptions.addAndGet(more);
    }

    /// One more subscription is wanted.
    ///
    /// @param client null: its subscriptions are not counted
    /// @return why it may not be
    public @Nullable WireError subscribe(@Nullable Account client) {
        if (pressure.isHigh()) {
            count(Limit.BUFFER_MEMORY);
            return memory();
        }
        int most = limits.get().subscriptions();
        if (client == null || client.subscriptions.get() < most) {
            return null;
        }
        return refuse(
                Limit.CLIENT_SUBSCRIPTIONS,
                WireError.Code.LIMIT_REACHED,
                "this client has " + most + " subscriptions; more are not allowed (setting client-subscriptions)",
                WireError.LATER_MILLIS);
    }

    /// A topic is to be made.
    ///
    /// @param client null: what it makes is not counted
    /// @return why it may not be
    public @Nullable WireError makeTopic(@Nullable Account client) {
        long millis =
                client == null ? 0 : Account.take(client.buckets(limits.get()).topics(), 1);
        return millis == 0
                ? null
                : refuse(
                        Limit.CLIENT_TOPIC_RATE,
                        WireError.Code.RATE_LIMITED,
                        "this client makes topics too fast (setting client-topic-rate)",
                        millis);
    }

    // ---- bodies

    /// More of a body is to be kept until all of it is there. All of them together may hold a quarter of
    /// `buffer-memory`, and any one whatever it holds if there are no others: whoever begins many and ends none
    /// keeps others from sending large ones, and from nothing else.
    ///
    /// @param own what is kept of this one
    /// @return why it may not be
    public @Nullable WireError keepBody(long own) {
        if (bodies.sum() - own < limits.get().bufferBytes() / BODIES_PART) {
            return null;
        }
        count(Limit.BUFFER_MEMORY);
        return new WireError(
                WireError.Code.BACKPRESSURE,
                "too much is kept of requests that are not whole (a quarter of the setting buffer-memory); try again"
                        + " later");
    }

    /// So much more is kept of bodies that are not whole; less than none when some are.
    public void keepsBody(long more) {
        bodies.add(more);
    }

    /// How much is kept of bodies that are not whole.
    public long bodyBytes() {
        return bodies.sum();
    }

    /// Messages are to be published.
    ///
    /// @param client null: what it publishes is not counted
    /// @return why they may not be
    public @Nullable WireError publish(@Nullable Account client, int messages, long bytes) {
        if (pressure.isHigh()) {
            count(Limit.BUFFER_MEMORY);
            return memory();
        }
        if (client == null) {
            return null;
        }
        Account.Buckets buckets = client.buckets(limits.get());
        long millis = Account.take(buckets.publishes(), messages);
        if (millis != 0) {
            return tooMuch(Limit.CLIENT_PUBLISH_RATE, "messages", "client-publish-rate", millis);
        }
        millis = Account.take(buckets.bytes(), Math.max(1, bytes));
        if (millis == 0) {
            return null;
        }
        if (buckets.publishes() != null) {
            buckets.publishes().addTokens(messages);
        }
        return tooMuch(Limit.CLIENT_PUBLISH_BYTES, "bytes", "client-publish-bytes", millis);
    }

    private WireError tooMuch(Limit limit, String what, String setting, long millis) {
        String rule = "this client publishes too many " + what + " (setting " + setting + ")";
        return millis < 0
                ? refuse(limit, WireError.Code.LIMIT_REACHED, rule + ": at once never so many", -1)
                : refuse(limit, WireError.Code.RATE_LIMITED, rule, millis);
    }

    private static WireError memory() {
        return new WireError(
                WireError.Code.BACKPRESSURE,
                "too much waits for clients that read slowly (setting buffer-memory); try again later");
    }
}
