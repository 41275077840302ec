package dev.fanfare.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/// Many WebSocket connections that each replay a topic from its beginning, slowly, for some time: what live delivery
/// of other topics costs meanwhile is measured by another program. The topic must hold enough for all that time.
///
/// Arguments: port, topic, connections, messages a second of each, seconds.
public final class SlowReplays {

    private static final int RECEIVE_BYTES = 8 * 1024;
    private static final int BUFFER_BYTES = 1024;
    private static final int PER_TURN = 10;

    private SlowReplays() {}

    /// Prints how much was replayed.
    public static void main(String[] args) throws InterruptedException {
        int port = Integer.parseInt(args[0]);
        String subscribe =
                "{\"type\":\"subscribe\",\"topic\":\"" + args[1] + "\",\"client_id\":\"c\",\"from\":\"earliest\"}";
        int connections = Integer.parseInt(args[2]);
        long pauseNanos = TimeUnit.SECONDS.toNanos(PER_TURN) / Long.parseLong(args[3]);
        long seconds = Long.parseLong(args[4]);
        LongAdder heard = new LongAdder();
        LongAdder failed = new LongAdder();
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < connections; i++) {
                var _ = readers.submit(() -> {
                    try (RawWebSocket socket = new RawWebSocket(port, RECEIVE_BYTES, BUFFER_BYTES)) {
                        socket.send(subscribe);
                        socket.skipFrame();
                        while (System.nanoTime() < end) {
                            for (int message = 0; message < PER_TURN; message++) {
                                socket.skipFrame();
                            }
                            heard.add(PER_TURN);
                            LockSupport.parkNanos(pauseNanos);
                        }
                    } catch (IOException e) {
                        failed.increment();
                    }
                });
            }
        }
        System.out.printf(
                "%d connections, %d failed: %.0f messages a second in all%n",
                connections, failed.sum(), heard.sum() / (double) seconds);
    }
}
