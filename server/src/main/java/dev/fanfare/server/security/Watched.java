package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import dev.fanfare.time.Timers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a file says, or several together, read anew when one of them changes. While one is missing or wrong, what they
/// said before counts, and the log says why, once. Any thread.
///
/// @param <T> what they say
final class Watched<T> implements AutoCloseable {

    /// How often it is looked at: a change counts within 5 s.
    static final Duration PERIOD = Duration.ofSeconds(2);

    /// Larger files are of no use, and only their size is looked at.
    private static final long STAMPED_MAX = 8 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Watched.class);

    private final List<Path> files;
    private final Supplier<T> anew;
    private final Timers timers;
    private final Runnable changed;
    private final Audit audit;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile T value;

    // Under the lock.
    private @Nullable String seen;
    private Timers.@Nullable Timer next;
    private boolean closed;

    /// Why it could not be read, or what came of that could not be told: it is tried again.
    private @Nullable String failed;

    /// Reads the file.
    ///
    /// @param reading throws [SettingException] when the file is wrong
    /// @param anew reads it when it has changed
    /// @param changed runs when it says something new; on a thread that may wait
    /// @param audit is told of it
    /// @throws SettingException when the file can't be had
    Watched(
            Path file,
            Function<Path, T> reading,
            Function<Path, T> anew,
            Timers timers,
            Runnable changed,
            Audit audit) {
        this(List.of(file), () -> reading.apply(file), () -> anew.apply(file), timers, changed, audit);
    }

    /// Reads several files that belong together.
    ///
    /// @param reading throws [SettingException] when one is wrong
    /// @param anew reads them when one has changed
    /// @param changed runs when they say something new; on a thread that may wait
    /// @param audit is told of it
    /// @throws SettingException when one can't be had
    Watched(List<Path> files, Supplier<T> reading, Supplier<T> anew, Timers timers, Runnable changed, Audit audit) {
        this.files = List.copyOf(files);
        this.anew = anew;
        this.timers = timers;
        this.changed = changed;
        this.audit = audit;
        this.seen = stamp();
        this.value = reading.get();
        arm();
    }

    /// What it says.
    T value() {
        return value;
    }

    /// By what a change is seen: two may follow each other within the same tick of the file system's clock.
    private @Nullable String stamp() {
        StringBuilder all = new StringBuilder();
        for (Path file : files) {
            String one = stamp(file);
            if (one == null) {
                return null;
            }
            all.append(one).append(' ');
        }
        return all.toString();
    }

    private static @Nullable String stamp(Path file) {
        try {
            long size = Files.size(file);
            return size > STAMPED_MAX ? size + " bytes" : Key.hash(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException missing) {
            return null;
        }
    }

    private String names() {
        return files.stream().map(Path::toString).collect(Collectors.joining(" or "));
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
        try {
            if (readAnew()) {
                changed.run();
                audit.record(Audit.Decision.DONE, "the server", "", "read anew " + names(), "");
                LOG.info("{} has changed and was read anew", names());
                told(null);
            }
        } catch (SettingException wrong) {
            if (told(String.valueOf(wrong.getMessage()))) {
                audit.record(
                        Audit.Decision.REFUSED,
                        "the server",
                        "",
                        "read anew " + names(),
                        String.valueOf(wrong.getMessage()));
                LOG.error(
                        "{} has changed, but can't be used: {}; what it said before still counts",
                        names(),
                        wrong.getMessage());
            }
        } catch (RuntimeException | Error broken) {
            if (told(broken.toString())) {
                LOG.error("{} has changed, but something went wrong with that; it is tried again", names(), broken);
            }
        } finally {
            arm();
        }
    }

    private boolean readAnew() {
        lock.lock();
        try {
            String now = stamp();
            if (closed || failed == null && Objects.equals(now, seen)) {
                return false;
            }
            seen = now;
            value = anew.get();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// @param problem what is wrong; null for nothing
    /// @return whether that is something else than before
    private boolean told(@Nullable String problem) {
        lock.lock();
        try {
            boolean other = !Objects.equals(problem, failed);
            failed = problem;
            return other;
        } finally {
            lock.unlock();
        }
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
