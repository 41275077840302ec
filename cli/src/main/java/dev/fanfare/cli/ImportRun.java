package dev.fanfare.cli;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.ErrorCode;
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

/// Publishes lines in their order, many on their way at a time. When the store fails, as when it comes upon damage
/// while it puts files together, what was refused is published again once it was opened again: nothing is left out, and
/// nothing comes twice.
final class ImportRun {

    /// How many messages are on their way to the device at a time.
    private static final int ON_THE_WAY = 10_000;

    /// A message that was published.
    private record Line(long number, Message message, CompletableFuture<PublishResult> result) {

        boolean isRefused() {
            return result.isDone() && result.join() instanceof Refused;
        }
    }

    private final Broker broker;
    private final String topic;
    private final Duration patience;
    private final Semaphore recovered = new Semaphore(0);
    private Deque<Line> onTheWay = new ArrayDeque<>();
    private long read;

    /// @param patience how long the store may fail
    ImportRun(Broker broker, String topic, Duration patience) {
        this.broker = broker;
        this.topic = topic;
        this.patience = patience;
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
            settle(0);
            return read;
        }
    }

    private void add(String line) {
        Message message;
        try {
            message = MessageLines.read(line);
        } catch (IllegalArgumentException | FanfareException e) {
            settle(0);
            throw new IllegalArgumentException(
                    "line " + read + " can't be imported: " + e.getMessage() + "; the lines before it are", e);
        }
        // Whoever is refused is so with all that come after it: none of them may pass it.
        if (!onTheWay.isEmpty() && onTheWay.getLast().isRefused()) {
            settle(0);
        }
        publish(read, message);
        settle(ON_THE_WAY);
    }

    private void publish(long number, Message message) {
        onTheWay.add(new Line(number, message, broker.publishAsync(topic, message)));
    }

    /// Waits until no more than so many are on their way.
    private void settle(int most) {
        while (onTheWay.size() > most) {
            if (onTheWay.getFirst().result().join() instanceof Refused refused) {
                again(refused);
            } else {
                onTheWay.remove();
            }
        }
    }

    /// The first one was refused.
    private void again(Refused refused) {
        Line first = onTheWay.getFirst();
        if (refused.code() != ErrorCode.INTERNAL || !isOpenedAgain()) {
            throw new IllegalStateException("line " + first.number() + " was refused: " + refused.reason()
                    + "; the lines before it are imported");
        }
        Deque<Line> before = onTheWay;
        onTheWay = new ArrayDeque<>();
        for (Line line : before) {
            if (line.result().join() instanceof Refused) {
                publish(line.number(), line.message());
            }
        }
    }

    private boolean isOpenedAgain() {
        try {
            return recovered.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
