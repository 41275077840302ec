package dev.fanfare.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// What an acknowledged delivery over WebSocket costs the server, in CPU time: one publisher, some subscribers that
/// acknowledge in batches or, to compare, are served live. The client does as little as it can: it finds the offsets
/// in the frames and sends them back. Linux only: the server's CPU time is read from /proc.
///
/// `AcknowledgedWire PORT PID live|ack|group SUBSCRIBERS RATE ACK_EVERY WARMUP_SECONDS SECONDS`; a rate of 0 is
/// as fast as it goes, with 500 messages in flight.
public final class AcknowledgedWire {

    private static final int IN_FLIGHT = 500;
    private static final int BATCH = 16;
    private static final int TICKS_PER_SECOND = 100;
    private static final byte[] OFFSET = "\"offset\":".getBytes(StandardCharsets.US_ASCII);

    private final String topic = "bench-" + ProcessHandle.current().pid();
    private final int port;
    private final String mode;
    private final int ackEvery;
    private final List<Subscriber> subscribers = new ArrayList<>();

    private AcknowledgedWire(int port, String mode, int ackEvery) {
        this.port = port;
        this.mode = mode;
        this.ackEvery = ackEvery;
    }

    /// Prints the cost of a delivery.
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != 8) {
            System.err.println(
                    "usage: AcknowledgedWire PORT PID live|ack|group SUBSCRIBERS RATE ACK_EVERY WARMUP SECONDS");
            System.exit(2);
        }
        new AcknowledgedWire(number(arguments, 0), arguments[2], number(arguments, 5))
                .run(
                        arguments[1],
                        number(arguments, 3),
                        number(arguments, 4),
                        number(arguments, 6),
                        number(arguments, 7));
    }

    private static int number(String[] arguments, int index) {
        return Integer.parseInt(arguments[index]);
    }

    private void run(String pid, int count, int rate, int warmup, int seconds)
            throws IOException, InterruptedException {
        create();
        for (int i = 0; i < count; i++) {
            Subscriber subscriber = new Subscriber("s" + i);
            subscribers.add(subscriber);
            Thread.ofPlatform().daemon().name("subscriber-" + i).start(subscriber);
        }
        while (!subscribers.stream().allMatch(Subscriber::isReady)) {
            LockSupport.parkNanos(1_000_000);
        }
        Thread.ofPlatform().daemon().name("publisher").start(() -> publish(rate));
        Thread.sleep(warmup * 1_000L);
        long before = delivered();
        long cpu = ticks(pid);
        long begun = System.nanoTime();
        Thread.sleep(seconds * 1_000L);
        long deliveries = delivered() - before;
        long micros = (ticks(pid) - cpu) * 1_000_000 / TICKS_PER_SECOND;
        double elapsed = (System.nanoTime() - begun) / 1e9;
        System.out.printf(
                "%s to %d, %s, acks by %d: %.2f us of server CPU per delivery, %,.0f deliveries/s%n",
                mode,
                count,
                rate == 0 ? "saturated" : rate + "/s",
                ackEvery,
                (double) micros / deliveries,
                deliveries / elapsed);
    }

    private void create() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/topics"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + topic + "\"}"))
                .header("Content-Type", "application/json")
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.send(request, HttpResponse.BodyHandlers.discarding());
        }
    }

    private long delivered() {
        return subscribers.stream().mapToLong(Subscriber::received).sum();
    }

    /// How many messages everybody has: of a group, all members together.
    private long done() {
        return mode.equals("group")
                ? delivered()
                : subscribers.stream().mapToLong(Subscriber::received).min().orElse(0);
    }

    private void publish(int rate) {
        byte[] one = frame("{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"no_ack\":true,\"message\":{\"id\":"
                + "\"00000000-0000-4000-8000-000000000000\",\"payload\":{\"text\":\"" + "x".repeat(100) + "\"}}}");
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < BATCH; i++) {
            batch.writeBytes(one);
        }
        byte[] many = batch.toByteArray();
        long published = 0;
        long begun = System.nanoTime();
        try (Socket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            while (true) {
                if (rate == 0) {
                    if (published - done() > IN_FLIGHT) {
                        LockSupport.parkNanos(20_000);
                        continue;
                    }
                    out.write(many);
                    published += BATCH;
                } else {
                    long wait = begun + published * 1_000_000_000L / rate - System.nanoTime();
                    if (wait > 0) {
                        LockSupport.parkNanos(wait);
                        continue;
                    }
                    out.write(one);
                    published++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.getOutputStream()
                .write(("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + port
                                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        InputStream in = socket.getInputStream();
        int matched = 0;
        while (matched < 4) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("The server closed the connection instead of upgrading it");
            }
            matched = next == (matched % 2 == 0 ? '\r' : '\n') ? matched + 1 : next == '\r' ? 1 : 0;
        }
        return socket;
    }

    /// A text frame with a mask of zeros, so that its text is as it is.
    private static byte[] frame(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 8);
        out.write(0x81);
        if (bytes.length < 126) {
            out.write(0x80 | bytes.length);
        } else {
            out.write(0x80 | 126);
            out.write(bytes.length >> 8);
            out.write(bytes.length);
        }
        out.writeBytes(new byte[4]);
        out.writeBytes(bytes);
        return out.toByteArray();
    }

    private static long ticks(String pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", pid, "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    private final class Subscriber implements Runnable {

        private final String id;
        private final AtomicLong received = new AtomicLong();
        private final StringBuilder offsets = new StringBuilder();
        private volatile boolean ready;

        Subscriber(String id) {
            this.id = id;
        }

        boolean isReady() {
            return ready;
        }

        long received() {
            return received.get();
        }

        @Override
        public void run() {
            String asked = switch (mode) {
                case "ack" -> ",\"ack\":\"manual\",\"max_in_flight\":2000";
                case "group" -> ",\"ack\":\"manual\",\"max_in_flight\":2000,\"group\":\"g\"";
                default -> "";
            };
            try (Socket socket = connect()) {
                OutputStream out = socket.getOutputStream();
                out.write(frame("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"" + id
                        + "\",\"request_id\":\"r\"" + asked + "}"));
                read(new DataInputStream(new BufferedInputStream(socket.getInputStream(), 256 << 10)), out);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void read(DataInputStream in, OutputStream out) throws IOException {
            byte[] frame = new byte[65_536];
            int waiting = 0;
            while (true) {
                in.readUnsignedByte();
                int length = in.readUnsignedByte();
                if (length == 126) {
                    length = in.readUnsignedShort();
                }
                in.readFully(frame, 0, length);
                if (!isEvent(frame)) {
                    ready = true;
                    continue;
                }
                if (!mode.equals("live")) {
                    offset(frame, length);
                    if (++waiting >= ackEvery) {
                        out.write(frame("{\"type\":\"ack\",\"topic\":\"" + topic + "\",\"client_id\":\"" + id
                                + "\",\"offsets\":[" + offsets + "]}"));
                        offsets.setLength(0);
                        waiting = 0;
                    }
                }
                received.lazySet(received.get() + 1);
            }
        }

        private static boolean isEvent(byte[] frame) {
            return frame[9] == 'e' && frame[10] == 'v';
        }

        /// Adds the digits behind the last `"offset":` in the frame.
        private void offset(byte[] frame, int length) {
            int at = length - OFFSET.length;
            while (!startsWith(frame, at)) {
                at--;
            }
            if (!offsets.isEmpty()) {
                offsets.append(',');
            }
            for (int i = at + OFFSET.length; frame[i] >= '0' && frame[i] <= '9'; i++) {
                offsets.append((char) frame[i]);
            }
        }

        private static boolean startsWith(byte[] frame, int at) {
            for (int i = 0; i < OFFSET.length; i++) {
                if (frame[at + i] != OFFSET[i]) {
                    return false;
                }
            }
            return true;
        }
    }
}
