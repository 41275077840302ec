package dev.fanfare.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// One connection that publishes. A thread writes, another one reads the answers, which come in the order of the
/// publishes.
final class LoadPublisher implements Runnable {

    /// What stands before the time in an event.
    static final byte[] MARK = "\"payload\":\"".getBytes(StandardCharsets.US_ASCII);

    /// Digits of the time, in hexadecimal.
    static final int DIGITS = 16;

    /// Behind the time: whether the message is measured.
    static final byte MEASURED = 'm';

    private static final byte WARM_UP = 'w';
    private static final int WINDOW = 256;
    private static final int BATCH = 16;
    private static final byte[] CODE = "\"code\":\"".getBytes(StandardCharsets.US_ASCII);

    private final LoadRun run;
    private final LoadTally tally;
    private final int number;
    private final int subscribers;
    private final byte[] frame;
    private final int stampAt;

    /// Publishes of a connection before the first one that is measured, and all of them.
    private record Answers(LoadSocket socket, Semaphore window, AtomicLong warm) {}

    LoadPublisher(LoadRun run, int number, String topic, int subscribers) {
        this.run = run;
        this.tally = run.tally();
        this.number = number;
        this.subscribers = subscribers;
        int padding = Math.max(0, run.plan().size() - DIGITS - 1);
        String head = "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"payload\":\"";
        byte[] text = (head + "0".repeat(DIGITS) + "w" + "x".repeat(padding) + "\"}}").getBytes(StandardCharsets.UTF_8);
        frame = LoadSocket.frame(text);
        stampAt = frame.length - text.length + head.length();
    }

    @Override
    public void run() {
        while (run.publishing()) {
            try (LoadSocket socket = run.connect()) {
                publish(socket);
            } catch (IOException e) {
                run.lost("publisher", e);
            }
        }
    }

    private void publish(LoadSocket socket) throws IOException {
        Answers answers = new Answers(socket, new Semaphore(WINDOW), new AtomicLong());
        Thread reader = Thread.ofVirtual().start(() -> read(answers));
        long sent = 0;
        long first = System.nanoTime()
                + (run.interval() == 0
                        ? 0
                        : run.interval() * number / run.plan().publishers());
        byte[] many = new byte[frame.length * BATCH];
        boolean waited = false;
        try {
            while (run.publishing() && reader.isAlive()) {
                long now = System.nanoTime();
                long due = first + sent * run.interval();
                if (run.interval() > 0 && due > now) {
                    LockSupport.parkNanos(due - now);
                    waited = false;
                    continue;
                }
                int count = run.interval() == 0 ? BATCH : (int) Math.min(BATCH, (now - due) / run.interval() + 1);
                int free = answers.window.availablePermits();
                if (free == 0) {
                    waited = true;
                    if (!answers.window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                        continue;
                    }
                    answers.window.release();
                    continue;
                }
                count = Math.min(count, free);
                answers.window.acquire(count);
                boolean measured = run.measuring();
                for (int i = 0; i < count; i++) {
                    // In a load of a given rate the time at which it was due counts: who waits is late, too.
                    long stamp = run.interval() == 0 ? now : due + i * run.interval();
                    stamp(many, i, stamp, measured);
                }
                if (!measured) {
                    answers.warm.addAndGet(count);
                } else if (run.interval() > 0 && !waited) {
                    tally.late.accumulateAndGet(now - due, Math::max);
                }
                socket.write(many, frame.length * count);
                sent += count;
            }
            // What is owed comes, or the connection is over.
            if (reader.isAlive()) {
                boolean all = answers.window.tryAcquire(WINDOW, LoadRun.DRAIN_SECONDS, TimeUnit.SECONDS);
                tally.error(all ? "" : "UNANSWERED", all ? 0 : WINDOW - answers.window.availablePermits());
                return;
            }
            tally.error("CONNECTION", WINDOW - answers.window.availablePermits());
            throw new IOException("the connection broke");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stamp(byte[] many, int index, long nanos, boolean measured) {
        int at = index * frame.length;
        System.arraycopy(frame, 0, many, at, frame.length);
        byte[] digits = HexFormat.of().toHexDigits(nanos).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(digits, 0, many, at + stampAt, DIGITS);
        many[at + stampAt + DIGITS] = measured ? MEASURED : WARM_UP;
    }

    private void read(Answers answers) {
        long answered = 0;
        try {
            while (true) {
                answers.socket.read();
                boolean ack = answers.socket.isOf("ack");
                if (!ack && !answers.socket.isOf("error")) {
                    continue;
                }
                boolean measured = answered++ >= answers.warm.get();
                if (ack && measured) {
                    tally.published.increment();
                    tally.expected.add(subscribers);
                } else if (!ack) {
                    tally.error(code(answers.socket), 1);
                }
                answers.window.release();
            }
        } catch (IOException over) {
            // Whoever writes sees that this thread has ended.
        }
    }

    private static String code(LoadSocket socket) {
        int at = socket.behind(CODE);
        return at < 0 ? "UNKNOWN" : socket.text().substring(at).replaceFirst("\".*", "");
    }
}
