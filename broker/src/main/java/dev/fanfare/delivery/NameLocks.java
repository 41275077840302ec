package dev.fanfare.delivery;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// One of several names that share a lock is made at a time: making a group of a pattern takes long. Any thread.
final class NameLocks {

    private static final int LOCKS = 64;

    private final ReentrantLock[] locks =
            Stream.generate(ReentrantLock::new).limit(LOCKS).toArray(ReentrantLock[]::new);

    /// Does something while nobody else does anything with that name.
    <T> T locked(String name, Supplier<T> action) {
        ReentrantLock lock = locks[Math.floorMod(name.hashCode(), LOCKS)];
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }
}
