package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import dev.fanfare.time.Timers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a file says, read anew when the file changes. While it is missing or wrong, what it said before counts, and the
/// log says why, once. Any thread.
///
/// @param <T> what it says
final class Watched<T> implements AutoCloseable {

    /// How often it is looked at: a change counts within 5 s.
    static final Duration PERIOD = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(Watched.class);

    /// By what a change is seen.
    private record Stamp(long modified, long size, @Nullable Object key) {}

    private final Path file;
    private final Function<Path, T> reading;
    private final Timers timers;
    private final Runnable changed;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile T value;

    // Under the lock.
    private @Nullable Stamp seen;
    private Timers.@Nullable Timer next;
    private boolean closed;

    /// Reads the file.
    ///
    /// @param reading throws [SettingException] when the file is wrong
    /// @param changed runs when it says something new; on a thread that may wait
    /// @throws SettingException when the file can't be had
    Watched(Path file, Function<Path, T> reading, Timers timers, Runnable changed) {
        this.file = file;
        this.reading = reading;
        this.timers = timers;
        this.changed = changed;
        this.seen = stamp();
        this.value = reading.apply(file);
        arm();
    }

    /// What it says.
    T value() {
        return value;
    }

    private @Nullable Stamp stamp() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime().toMillis(), attributes.size(), attributes.fileKey());
        } catch (IOException missing) {
            return null;
        }
    }

    private void arm() {
        lock.lock();
        try {
            if (!closed) {
                next = timers.schedule(
                        PERIOD, () -> Thread.ofVirtual().name("fanfare-watch").start(this::look));
            }
        } finally {
            lock.unlock();
        }
    }

    private void look() {
        boolean anew = false;
        lock.lock();
        try {
            Stamp now = stamp();
            if (!closed && !Objects.equals(now, seen)) {
                seen = now;
                value = reading.apply(file);
                anew = true;
            }
        } catch (SettingException wrong) {
            LOG.error(
                    "{} has changed, but can't be used: {}; what it said before still counts",
                    file,
                    wrong.getMessage());
        } finally {
            lock.unlock();
        }
        if (anew) {
            LOG.info("{} has changed and was read anew", file);
            changed.run();
        }
        arm();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (next != null) {
                next.cancel();
            }
        } finally {
            lock.unlock();
        }
    }
}
