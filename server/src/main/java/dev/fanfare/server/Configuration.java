package dev.fanfare.server;

import dev.fanfare.Broker;
import dev.fanfare.FanfareException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a server runs with now, and how that becomes something else while it runs. Whoever serves a peer asks for it
/// each time it needs it: what is said anew holds from then on. Whoever has it read anew need tell nobody: the log says
/// what came of it. Any thread.
public final class Configuration {

    private static final Logger LOG = LoggerFactory.getLogger(Configuration.class);

    private final ReentrantLock lock = new ReentrantLock();
    private final @Nullable Broker own;
    private volatile ServerConfig config;
    // Both under the lock; null for a server that an application has configured.
    private @Nullable Settings settings;
    private @Nullable Supplier<Settings> source;
    private Consumer<Settings> taken = _ -> {};
    private volatile Runnable reloaded = () -> {};

    /// What a server begins with.
    ///
    /// @param own the broker that is configured with it; null when the application configures that
    public Configuration(ServerConfig config, @Nullable Broker own) {
        this.config = config;
        this.own = own;
    }

    /// What it runs with now.
    ServerConfig now() {
        return config;
    }

    /// Says where settings are read from, anew, each time somebody asks for it.
    ///
    /// @param begun what the server was started with
    /// @param source throws [SettingException] when something in them is wrong
    /// @param taken told of the settings that it runs with from then on
    void readFrom(Settings begun, Supplier<Settings> source, Consumer<Settings> taken) {
        lock.lock();
        try {
            this.settings = begun;
            this.source = source;
            this.taken = taken;
        } finally {
            lock.unlock();
        }
    }

    /// Has something done each time that others were taken, when [#now] says them.
    void onReload(Runnable action) {
        reloaded = action;
    }

    /// The settings it runs with; empty when an application has configured it.
    public Optional<Settings> settings() {
        lock.lock();
        try {
            return Optional.ofNullable(settings);
        } finally {
            lock.unlock();
        }
    }

    /// Reads the settings anew and goes on with them: with all that can be taken while a server runs, or, when anything
    /// in them is wrong, with none.
    ///
    /// @throws SettingException when something is wrong, or there is nothing to read: nothing has changed then
    public Reload reload() {
        try {
            Reload reload = readAnew();
            reloaded.run();
            tell(reload);
            return reload;
        } catch (SettingException wrong) {
            LOG.warn("settings: nothing was taken: {}", wrong.getMessage());
            throw wrong;
        }
    }

    private Reload readAnew() {
        lock.lock();
        try {
            Settings before = settings;
            Supplier<Settings> read = source;
            if (before == null || read == null) {
                throw new SettingException(
                        "this server was configured by the application it is part of: there is nothing to read anew");
            }
            Settings next = read.get();
            next.config(); // contradictions count even where they need a restart to matter
            Settings mixed = before.withLive(next);
            ServerConfig whole = mixed.config();
            if (own != null) {
                reconfigure(own, whole, mixed);
            }
            config = whole;
            settings = mixed;
            taken.accept(mixed);
            return Reload.of(before.changes(next));
        } finally {
            lock.unlock();
        }
    }

    /// Only routes can be wrong in a way that the settings alone don't show.
    private static void reconfigure(Broker broker, ServerConfig next, Settings settings) {
        try {
            broker.reconfigure(broker.config().withMutable(next.broker()));
        } catch (FanfareException refused) {
            throw new SettingException("setting " + Setting.ROUTES + " ("
                    + settings.source(Setting.ROUTES).origin() + "): " + refused.getMessage());
        }
    }

    private static void tell(Reload reload) {
        reload.taken().forEach(change -> LOG.info("settings: {}", change));
        reload.atRestart()
                .forEach(change -> LOG.warn(
                        "settings: {} needs a restart: {}",
                        change,
                        change.setting().whyAtStart().orElseThrow()));
        if (reload.taken().isEmpty() && reload.atRestart().isEmpty()) {
            LOG.info("settings: nothing has changed");
        }
    }
}
