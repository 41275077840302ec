package dev.fanfare.server.acceptance;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Publishers, subscribers that replay, and connections that are dropped and resumed, all at once: each subscriber's
/// sequence must be whole, in order, without duplicates and without anything of other topics. The seed of a failing run
/// is in its message and on standard output; `-Dfanfare.seed=N` repeats its random choices.
@ExtendWith(NoLeaks.class)
class ConcurrentTest {

    private static final int PUBLISHERS = 3;
    private static final int SUBSCRIBERS = 14;

    @Test
    void everySubscriberHearsEachMessageOnceAndInOrder() {
        run(seed(), 5_000, 100);
    }

    @Test
    void aLossThatTheHistoryCouldNotCoverIsAlwaysTold() {
        run(seed(), 20, 100);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void holdsForLong() {
        Random random = new Random(seed());
        for (int round = 0; round < 40; round++) {
            run(random.nextLong(), random.nextBoolean() ? 100_000 : 1 + random.nextInt(200), 1_500);
        }
    }

    private static long seed() {
        return Long.getLong("fanfare.seed", System.nanoTime());
    }

    /// One server's life.
    ///
    /// @param history messages kept per topic
    /// @param batches of messages that each publisher sends
    private static void run(long seed, int history, int batches) {
        System.out.println("ConcurrentTest seed " + seed + ", history " + history);
        Random random = new Random(seed);
        try (RunningServer server = RunningServer.start("history=" + history, "history-bytes=256MiB")) {
            Ledger ledger = new Ledger();
            Ledger.TOPICS.forEach(server::topic);
            List<CompletableFuture<Void>> listening = new ArrayList<>();
            List<CompletableFuture<Void>> early = new ArrayList<>();
            for (int i = 0; i < SUBSCRIBERS; i++) {
                ResumingSubscriber subscriber = new ResumingSubscriber(server, ledger, random.nextLong(), i % 2 == 0);
                listening.add(inBackground(subscriber::run));
                if (i % 2 == 0) {
                    early.add(subscriber.subscribed());
                }
            }
            // Half of them are there before the first message and must hear everything from offset 0.
            early.forEach(
                    subscribed -> subscribed.orTimeout(20, TimeUnit.SECONDS).join());
            List<CompletableFuture<Void>> publishing = new ArrayList<>();
            for (int i = 0; i < PUBLISHERS; i++) {
                RestlessPublisher publisher = new RestlessPublisher(server, ledger, random.nextLong(), i, batches);
                publishing.add(inBackground(publisher::run));
            }
            publishing.forEach(CompletableFuture::join);
            RestlessPublisher.finish(server, ledger);
            listening.forEach(CompletableFuture::join);
            ledger.check();
            server.awaitSubscribers(0);
        } catch (RuntimeException | AssertionError failed) {
            throw new AssertionError("seed " + seed + ": " + failed.getMessage(), failed);
        }
    }

    private static CompletableFuture<Void> inBackground(Runnable work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (RuntimeException | AssertionError failed) {
                done.completeExceptionally(failed);
            }
        });
        return done;
    }
}
