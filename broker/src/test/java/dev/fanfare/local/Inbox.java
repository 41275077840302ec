package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Handler;
import dev.fanfare.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A handler that keeps what it gets, and can be made to hold on to a message until it is let go.
final class Inbox implements Handler {

    private final List<Message> messages = new ArrayList<>();
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);
    private final boolean stuck;

    private Inbox(boolean stuck) {
        this.stuck = stuck;
    }

    /// Takes everything at once.
    static Inbox quick() {
        return new Inbox(false);
    }

    /// Stays in its first call until [#letGo].
    static Inbox stuck() {
        return new Inbox(true);
    }

    @Override
    public void handle(Message message) throws InterruptedException {
        if (stuck) {
            entered.countDown();
            open.await();
        }
        synchronized (this) {
            messages.add(message);
            notifyAll();
        }
    }

    void letGo() {
        open.countDown();
    }

    /// Waits until the handler is in its first call.
    void awaitEntered() throws InterruptedException {
        assertThat(entered.await(20, TimeUnit.SECONDS))
                .as("the handler was called")
                .isTrue();
    }

    /// Waits until so many have come.
    synchronized List<Message> await(int count) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (messages.size() < count) {
            long left = deadline - System.nanoTime();
            assertThat(left).as("got %d of %d messages", messages.size(), count).isPositive();
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return List.copyOf(messages);
    }

    List<String> awaitTexts(int count) throws InterruptedException {
        return await(count).stream().map(Message::text).toList();
    }

    synchronized List<String> texts() {
        return messages.stream().map(Message::text).toList();
    }

    synchronized List<Long> offsets() {
        return messages.stream().map(Message::offset).toList();
    }
}
