package dev.fanfare.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.Deflater;

/// One way to wear a server down, gone about until it is closed by a few threads that rest between their blows: what
/// is measured is the server, not how much of the machine the attackers take.
final class Attack implements AutoCloseable {

    /// The ways.
    enum Kind {
        /// Hundreds of requests that never end, a byte at a time.
        HALF_REQUESTS,
        /// Hundreds of bodies of which the end never comes.
        HALF_BODIES,
        /// Connections by the hundreds, beyond the limit, that say nothing or one thing.
        CONNECTIONS,
        /// Messages of some kilobytes that become 64 MiB.
        BOMBS,
        /// Frames that say that they are enormous, and messages that are too large.
        GIANTS,
        /// Messages in ever more fragments, empty ones among them.
        FRAGMENTS,
        /// Readers that stop while much is published to them.
        STOPPED_READERS
    }

    private static final int THREADS = 2;
    private static final int HALVES = 250;
    private static final int READERS = 20;
    private static final int SMALL_BUFFER = 4 * 1024;
    private static final int TEXT = 0x81;
    private static final int COMPRESSED_TEXT = 0xC1;

    private final Kind kind;
    private final int port;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong blows = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private final byte[] bomb = bomb();

    Attack(Kind kind, int port) {
        this.kind = kind;
        this.port = port;
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.ofVirtual().start(this::go));
        }
    }

    /// How often it was struck so far.
    long blows() {
        return blows.get();
    }

    private void go() {
        while (!over.get()) {
            try {
                switch (kind) {
                    case HALF_REQUESTS -> halfRequests();
                    case HALF_BODIES -> halfBodies();
                    case CONNECTIONS -> connections();
                    case BOMBS -> frames("permessage-deflate", frame(COMPRESSED_TEXT, bomb));
                    case GIANTS -> giants();
                    case FRAGMENTS -> fragments();
                    case STOPPED_READERS -> stoppedReaders();
                }
            } catch (IOException turnedAway) {
                rest(10);
            }
        }
    }

    private void blow(long restMillis) {
        blows.incrementAndGet();
        rest(restMillis);
    }

    private static void rest(long millis) {
        LockSupport.parkNanos(millis * 1_000_000);
    }

    // ---- connections

    private Socket connect(int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        try {
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setSoLinger(true, 0);
            socket.setSoTimeout(20_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
            return socket;
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    private static void say(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    private static void say(Socket socket, String text) throws IOException {
        say(socket, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private Socket upgrade(int receiveBuffer, String extension) throws IOException {
        Socket socket = connect(receiveBuffer);
        try {
            say(
                    socket,
                    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                            + (extension.isEmpty() ? "" : "Sec-WebSocket-Extensions: " + extension + "\r\n") + "\r\n");
            String head = head(socket.getInputStream());
            if (!head.startsWith("HTTP/1.1 101 ")) {
                throw new IOException(head);
            }
            return socket;
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the connection ended");
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /// The status of a GET on a connection of its own; 0 when it got none.
    static int status(int port, String path) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            say(socket, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            String head = head(socket.getInputStream());
            return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3));
        } catch (IOException refused) {
            return 0;
        }
    }

    // ---- frames, with a mask of zeros

    private static byte[] frame(int first, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        frame.putInt(0).put(payload);
        byte[] bytes = new byte[frame.position()];
        frame.flip().get(bytes);
        return bytes;
    }

    private static byte[] text(String text) {
        return frame(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /// 64 MiB of zeros, compressed.
    private static byte[] bomb() {
        Deflater deflater = new Deflater(9, true);
        byte[] zeros = new byte[1 << 20];
        byte[] out = new byte[1 << 17];
        int size = 0;
        for (int i = 0; i < 64; i++) {
            deflater.setInput(zeros);
            size += deflater.deflate(out, size, out.length - size, i < 63 ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH);
        }
        deflater.end();
        byte[] whole = new byte[size - 4];
        System.arraycopy(out, 0, whole, 0, whole.length);
        return whole;
    }

    // ---- the ways

    private void halfRequests() throws IOException {
        List<Socket> halves = new ArrayList<>();
        try {
            while (!over.get() && halves.size() < HALVES) {
                Socket half = connect(0);
                halves.add(half);
                say(half, "GET /topics HTTP/1.1\r\nHost: x\r\nX-");
                blow(2);
            }
            for (int round = 0; !over.get() && round < 20; round++) {
                for (Socket half : halves) {
                    say(half, "a");
                }
                blow(50);
            }
        } finally {
            close(halves);
        }
    }

    private void halfBodies() throws IOException {
        String half =
                "POST /topics/t/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(500_000);
        List<Socket> halves = new ArrayList<>();
        try {
            while (!over.get() && halves.size() < HALVES) {
                Socket one = connect(0);
                halves.add(one);
                try {
                    say(one, half);
                } catch (IOException turnedAway) {
                    // It was told that there is no room.
                }
                blow(5);
            }
        } finally {
            close(halves);
        }
    }

    private void connections() throws IOException {
        List<Socket> opened = new ArrayList<>();
        try {
            while (!over.get() && opened.size() < 600) {
                Socket one = connect(0);
                opened.add(one);
                if (opened.size() % 2 == 0) {
                    say(one, "GET /topics HTTP/1.1\r\nHost: x\r\n\r\n");
                }
                blow(2);
            }
        } finally {
            close(opened);
        }
    }

    /// Sends the same again and again, until it is thrown out.
    private void frames(String extension, byte[]... frames) throws IOException {
        try (Socket socket = upgrade(0, extension)) {
            Thread.ofVirtual().start(() -> {
                try {
                    socket.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException ended) {
                    // It was thrown out.
                }
            });
            while (!over.get()) {
                for (byte[] frame : frames) {
                    say(socket, frame);
                }
                blow(10);
            }
        }
    }

    private void giants() throws IOException {
        byte[] enormous = ByteBuffer.allocate(14)
                .put((byte) TEXT)
                .put((byte) (0x80 | 127))
                .putLong(Long.MAX_VALUE)
                .putInt(0)
                .array();
        try (Socket socket = upgrade(0, "")) {
            say(socket, enormous);
            blow(5);
        }
        byte[] large = text("\"" + "x".repeat(900_000) + "\"");
        try (Socket socket = upgrade(0, "")) {
            for (int i = 0; i < 3 && !over.get(); i++) {
                say(socket, large);
                blow(10);
            }
        }
    }

    private void fragments() throws IOException {
        ByteBuffer many = ByteBuffer.allocate(64 * 1024).put(frame(0x01, new byte[] {'"'}));
        byte[] empty = frame(0x00, new byte[0]);
        byte[] one = frame(0x00, new byte[] {'x'});
        while (many.remaining() > 100) {
            many.put(empty).put(one);
        }
        byte[] begin = new byte[many.position()];
        many.flip().get(begin);
        byte[] more = new byte[begin.length - 7];
        System.arraycopy(begin, 7, more, 0, more.length);
        try (Socket socket = upgrade(0, "")) {
            say(socket, begin);
            while (!over.get()) {
                say(socket, more);
                blow(10);
            }
        }
    }

    private void stoppedReaders() throws IOException {
        String topic = "flood-" + Thread.currentThread().threadId();
        List<Socket> sockets = new ArrayList<>();
        try {
            Socket publisher = upgrade(0, "");
            sockets.add(publisher);
            call("POST", "/topics", "{\"name\":\"" + topic + "\"}");
            for (int i = 0; i < READERS; i++) {
                Socket reader = upgrade(SMALL_BUFFER, "");
                sockets.add(reader);
                say(
                        reader,
                        text("{\"type\":\"subscribe\",\"topic\":\"" + topic
                                + "\",\"client_id\":\"c\",\"queue\":10000}"));
            }
            byte[] message = text("{\"type\":\"publish\",\"topic\":\"" + topic
                    + "\",\"no_ack\":true,\"message\":{\"payload\":\"" + "x".repeat(60_000) + "\"}}");
            for (int i = 0; i < 600 && !over.get(); i++) {
                say(publisher, message);
                blow(5);
            }
        } finally {
            close(sockets);
        }
    }

    private void call(String method, String path, String body) throws IOException {
        try (Socket socket = connect(0)) {
            say(
                    socket,
                    method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                            + body);
            var _ = head(socket.getInputStream());
        }
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Override
    public void close() {
        over.set(true);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
