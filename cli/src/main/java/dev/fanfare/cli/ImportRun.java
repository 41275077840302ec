package dev.fanfare.cli;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.BrokerStats;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Publishes lines in their order, many on their way at a time. When the store fails, as when it comes upon
/// damage while it puts files together, what was refused is published again once it was opened again, a few
/// times; when there is no room, because of what others publish, until there is some or patience is over: nothing
/// is left out, and nothing comes twice.
final class ImportRun {

    /// How many messages are on their way to the device at a time.
    private static final int ON_THE_WAY = 10_000;

    /// How many characters they have in all, at most, or one line: less than a store lets wait.
    private static final long LENGTH_ON_THE_WAY = 8 << 20;

    /// How often one line may fail.
    private static final int TRIES = 5;

    /// How often one line may find no room; then patience is over.
    private static final int TRIES_FOR_ROOM = 300;

    /// After how many of them it is told what is waited for.
    private static final int UNTOLD = 10;

    /// A message that was published.
    private record Line(long number, int length, Message message, CompletableFuture<PublishResult> result) {

        boolean isRefused() {
            return result.isDone() && result.join() instanceof Refused;
        }
    }

    private final Broker broker;
    private final String topic;
    private final Duration patience;
    private final Consumer<String> out;
    private final Semaphore recovered = new Semaphore(0);
    private Deque<Line> onTheWay = new ArrayDeque<>();
    private long lengthOnTheWay;
    private long read;

    /// The line that was refused last, how often it was because the store failed, and how often for want of room.
    private long refusedLast;

    private int failures;
    private int waits;

    /// @param patience how long the store may fail, and a line may find no room
    /// @param out is told what is waited for
    ImportRun(Broker broker, String topic, Duration patience, Consumer<String> out) {
        this.broker = broker;
        this.topic = topic;
        this.patience = patience;
        this.out = out;
    }

    /// Publishes all of them.
    ///
    /// @return how many lines there were
    /// @throws IllegalStateException when one is refused, with its number
    /// @throws IllegalArgumentException when one is no message, with its number
    long run(BufferedReader lines) throws IOException {
        try (BrokerListener.Registration _ = broker.listen(event -> {
            if (event instanceof BrokerEvent.StorageRecovered) {
                recovered.release();
            }
        })) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                read++;
                if (!line.isBlank()) {
                    add(line);
                }
            }
            settle(0, 0);
            return read;
        }
    }

    private void add(String line) {
        Message message;
        try {
            message = MessageLines.read(line);
        } catch (IllegalArgumentException | FanfareException e) {
            settle(0, 0);
            throw new IllegalArgumentException(
                    "line " + read + " can't be imported: " + e.getMessage() + "; the lines before it are", e);
        }
        settle(ON_THE_WAY - 1, LENGTH_ON_THE_WAY - line.length());
        publish(read, line.length(), message);
    }

    private void publish(long number, int length, Message message) {
        // Whoever is refused is so with all that come after it: none of them may pass it.
        if (!onTheWay.isEmpty() && onTheWay.getLast().isRefused()) {
            settle(0, 0);
        }
        onTheWay.add(new Line(number, length, message, broker.publishAsync(topic, message)));
        lengthOnTheWay += length;
    }

    /// Waits until no more than so many are on their way, with no more characters than that.
    private void settle(int most, long length) {
        while (onTheWay.size() > most || lengthOnTheWay > length && !onTheWay.isEmpty()) {
            if (onTheWay.getFirst().result().join() instanceof Refused refused) {
                again(refused);
            } else {
                lengthOnTheWay -= onTheWay.remove().length();
            }
        }
    }

    /// The first one was refused.
    private void again(Refused refused) {
        long first = onTheWay.getFirst().number();
        if (first != refusedLast) {
            failures = 0;
            waits = 0;
        }
        refusedLast = first;
        boolean again = switch (refused.code()) {
            case INTERNAL -> ++failures < TRIES && isOpenedAgain();
            case BACKPRESSURE -> ++waits < TRIES_FOR_ROOM && awaitRoom(first, refused.reason());
            default -> false;
        };
        if (!again) {
            int refusals = failures + waits;
            throw new IllegalStateException(
                    "line " + first + " was refused" + (refusals > 1 ? " " + refusals + " times" : "") + ": "
                            + refused.reason() + "; the lines before it are imported");
        }
        Deque<Line> before = onTheWay;
        onTheWay = new ArrayDeque<>();
        lengthOnTheWay = 0;
        for (Line line : before) {
            if (line.result().join() instanceof Refused) {
                publish(line.number(), line.length(), line.message());
            }
        }
    }

    /// Waits until the store takes something again, however often it was opened again before.
    private boolean isOpenedAgain() {
        try {
            recovered.drainPermits();
            for (int times = 0; isFailing(); times++) {
                if (times == TRIES || !recovered.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// Waits a moment: nobody tells when there is room again.
    private boolean awaitRoom(long line, String reason) {
        if (waits == UNTOLD) {
            out.accept("line " + line + " waits: " + reason);
        }
        try {
            var _ = recovered.tryAcquire(patience.toNanos() / TRIES_FOR_ROOM, TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean isFailing() {
        BrokerStats.StorageStats storage = broker.stats().storage();
        return storage != null && storage.failing();
    }
}
