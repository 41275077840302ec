package dev.fanfare.topic;

import dev.fanfare.log.LogReaders;
import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Looks into many logs before a pattern's subscription can begin. What is not in memory has to be read from a
/// device: the thread that subscribes does so, and those of the broker's readers that are free help it.
final class Survey<T> {

    /// So many readers are asked, at most.
    private static final int READERS = 4;

    private final Queue<T> left;
    private final Consumer<T> look;

    /// Of those that look.
    private final Phaser looking = new Phaser(1);

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private Survey(Collection<T> logs, Consumer<T> look) {
        this.left = new ConcurrentLinkedQueue<>(logs);
        this.look = look;
    }

    /// Returns when it was looked into all of them; throws what one of them failed with.
    ///
    /// @param look by several threads at a time
    static <T> void of(Collection<T> logs, LogReaders readers, Consumer<T> look) {
        Survey<T> survey = new Survey<>(logs, look);
        int wanted = Math.min(READERS, logs.size() - 1);
        for (int i = 0; i < wanted; i++) {
            // One that never runs, because the broker closes, leaves nothing undone.
            readers.execute(survey::help);
        }
        survey.look();
        survey.looking.awaitAdvance(survey.looking.arriveAndDeregister());
        switch (survey.failure.get()) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }

    private void help() {
        looking.register();
        try {
            look();
        } finally {
            looking.arriveAndDeregister();
        }
    }

    private void look() {
        try {
            for (T next = left.poll(); next != null; next = left.poll()) {
                look.accept(next);
            }
        } catch (RuntimeException | Error e) {
            left.clear();
            failure.compareAndSet(null, e);
        }
    }
}
