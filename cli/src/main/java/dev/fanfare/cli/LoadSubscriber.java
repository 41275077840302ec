package dev.fanfare.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/// One connection that subscribes. Its thread reads, and acknowledges when asked to.
final class LoadSubscriber implements Runnable {

    private static final byte[] OFFSET = ",\"offset\":".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DROPPED = "\"dropped\":".getBytes(StandardCharsets.US_ASCII);
    private static final int ACK_EVERY = 20;

    private final LoadRun run;
    private final LoadTally tally;
    private final int number;
    private final String topic;
    private final CountDownLatch ready;
    private boolean subscribed;
    private boolean broken;

    LoadSubscriber(LoadRun run, int number, String topic, CountDownLatch ready) {
        this.run = run;
        this.tally = run.tally();
        this.number = number;
        this.topic = topic;
        this.ready = ready;
    }

    @Override
    public void run() {
        while (run.listening()) {
            try (LoadSocket socket = run.connect()) {
                run.closing(socket);
                String acks = run.plan().acked() ? ",\"ack\":\"manual\",\"max_in_flight\":1000" : "";
                socket.send("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"s" + number + "\""
                        + acks + "}");
                listen(socket);
            } catch (IOException e) {
                if (run.listening()) {
                    run.lost("subscriber", e);
                }
            }
        }
    }

    private void listen(LoadSocket socket) throws IOException {
        StringBuilder offsets = new StringBuilder();
        int waiting = 0;
        while (true) {
            socket.read();
            if (socket.isOf("event")) {
                heard(socket);
                if (run.plan().acked()) {
                    offsets.append(waiting++ == 0 ? "" : ",").append(number(socket, OFFSET));
                    if (waiting >= ACK_EVERY || run.interval() > 0) {
                        socket.send("{\"type\":\"ack\",\"topic\":\"" + topic + "\",\"client_id\":\"s" + number
                                + "\",\"offsets\":[" + offsets + "]}");
                        offsets.setLength(0);
                        waiting = 0;
                    }
                }
            } else if (socket.isOf("info")) {
                tally.dropped.add(number(socket, DROPPED));
            } else if (socket.isOf("ack") && !subscribed) {
                subscribed = true;
                ready.countDown();
            } else if (socket.isOf("error") && !broken) {
                broken = true;
                run.refused("a subscriber was refused: " + socket.text());
            }
        }
    }

    private void heard(LoadSocket socket) {
        long now = System.nanoTime();
        int at = socket.behind(LoadPublisher.MARK);
        if (at < 0 || socket.length() < at + LoadPublisher.DIGITS + 1) {
            return;
        }
        tally.heard.increment();
        if (socket.bytes()[at + LoadPublisher.DIGITS] == LoadPublisher.MEASURED) {
            long sent = 0;
            for (int i = at; i < at + LoadPublisher.DIGITS; i++) {
                sent = sent << 4 | Character.digit(socket.bytes()[i], 16);
            }
            tally.delivered.increment();
            tally.latency(number, now - sent);
        }
    }

    /// The number behind a mark; 0 when there is none.
    private static long number(LoadSocket socket, byte[] mark) {
        int at = socket.behind(mark);
        long number = 0;
        while (at >= 0 && at < socket.length() && socket.bytes()[at] >= '0' && socket.bytes()[at] <= '9') {
            number = number * 10 + socket.bytes()[at++] - '0';
        }
        return number;
    }
}
