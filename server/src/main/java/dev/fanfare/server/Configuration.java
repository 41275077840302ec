package dev.fanfare.server;

import dev.fanfare.Broker;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a server runs with now, and how that becomes something else while it runs. Whoever serves a peer asks for it
/// each
/// time it needs it: what is said anew holds for what begins from then on. Any thread.
public final class Configuration {

    private static final Logger LOG = LoggerFactory.getLogger(Configuration.class);

    private final ReentrantLock lock = new ReentrantLock();
    private final @Nullable Broker own;
    private volatile ServerConfig config;
    // Both under the lock; null for a server that an application has configured.
    private @Nullable Settings settings;
    private @Nullable Supplier<Settings> source;
    private Consumer<Settings> taken = _ -> {};

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
                own.reconfigure(own.config().withMutable(whole.broker()));
            }
            config = whole;
            settings = mixed;
            taken.accept(mixed);
            Reload reload = Reload.of(before.changes(next));
            reload.taken()
                    .forEach(change -> LOG.info(
                            "settings: {} is {} now, was {} ({})",
                            change.setting(),
                            change.setting().shown(change.after().text()),
                            change.setting().shown(change.before().text()),
                            change.after().origin()));
            reload.atRestart()
                    .forEach(change -> LOG.warn(
                            "settings: {} is {} ({}) from the next start on; now it is {}",
                            change.setting(),
                            change.setting().shown(change.after().text()),
                            change.after().origin(),
                            change.setting().shown(change.before().text())));
            return reload;
        } finally {
            lock.unlock();
        }
    }
}
