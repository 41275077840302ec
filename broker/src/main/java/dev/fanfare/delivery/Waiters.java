package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/// The threads of one member that wait to be told of messages. Any thread.
///
/// Whoever is called takes, or passes the call on: one that got lost would leave a message to nobody.
final class Waiters {

    private final ReentrantLock lock = new ReentrantLock();

    /// Those who were not called, in the order in which they came.
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>(1);

    private volatile boolean any;
    private boolean closed;

    /// One thread that waits, or is about to.
    final class Waiter {
        private final CountDownLatch latch = new CountDownLatch(1);
        private boolean called;

        /// Waits until it is called or woken.
        void await() throws InterruptedException {
            latch.await();
        }

        /// See [#await]; an interrupt is kept for later.
        void awaitUninterruptibly() {
            boolean interrupted = false;
            while (latch.getCount() > 0) {
                try {
                    latch.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /// Has it look for itself, though nobody called it.
        void wake() {
            latch.countDown();
        }

        /// It is about to take: if it was called, it has come.
        void come() {
            lock.lock();
            try {
                called = false;
                unlist(this);
            } finally {
                lock.unlock();
            }
        }

        /// It waits no more. If it was called and has not come, another one is called instead.
        ///
        /// @param member whom it waited for
        void leave(Member member) {
            boolean owed;
            lock.lock();
            try {
                owed = called;
                called = false;
                unlist(this);
            } finally {
                lock.unlock();
            }
            if (owed && !call()) {
                member.decline();
            }
        }
    }

    /// One more waits: then it takes once more, and awaits its call if there was nothing.
    Waiter enlist() {
        Waiter waiter = new Waiter();
        lock.lock();
        try {
            if (closed) {
                waiter.wake();
            } else {
                waiting.addLast(waiter);
                any = true;
            }
        } finally {
            lock.unlock();
        }
        return waiter;
    }

    private void unlist(Waiter waiter) {
        waiting.remove(waiter);
        any = !waiting.isEmpty();
    }

    /// Whether somebody waits who was not called.
    boolean any() {
        return any;
    }

    /// Calls the one who has waited longest.
    ///
    /// @return false when nobody waits
    boolean call() {
        lock.lock();
        try {
            Waiter first = waiting.pollFirst();
            any = !waiting.isEmpty();
            if (first == null) {
                return false;
            }
            first.called = true;
            first.wake();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// From now on nobody waits.
    void close() {
        lock.lock();
        try {
            closed = true;
            waiting.forEach(Waiter::wake);
            waiting.clear();
            any = false;
        } finally {
            lock.unlock();
        }
    }
}
