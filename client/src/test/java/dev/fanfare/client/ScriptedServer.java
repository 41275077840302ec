package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A WebSocket server that does what a test says, frame by frame: the real one can't be told to fail at a given
/// point.
final class ScriptedServer implements AutoCloseable {

    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private final ServerSocket listening;
    private final BlockingQueue<Peer> peers = new LinkedBlockingQueue<>();
    private volatile boolean answersPings = true;
    private volatile Runnable beforeHandshake = () -> {};

    ScriptedServer() {
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "ws://127.0.0.1:" + listening.getLocalPort() + "/ws";
    }

    /// Looks dead from now on to whoever asks.
    void ignorePings() {
        answersPings = false;
    }

    /// Runs a task whenever somebody has asked for a connection, before that is answered.
    void beforeHandshake(Runnable task) {
        beforeHandshake = task;
    }

    /// The next connection, after its handshake.
    Peer nextPeer() throws InterruptedException {
        Peer peer = peers.poll(10, TimeUnit.SECONDS);
        assertThat(peer).as("a connection within 10 s").isNotNull();
        return peer;
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> new Peer(socket).serve());
            }
        } catch (IOException e) {
            // Closed: the test is over.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }

    /// One connection, seen from the server.
    final class Peer {

        private final Socket socket;
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        private Peer(Socket socket) {
            this.socket = socket;
        }

        /// The next text frame; a close frame is heard as `CLOSE`, the end of the stream as `END`.
        String take() throws InterruptedException {
            String text = heard.poll(10, TimeUnit.SECONDS);
            assertThat(text).as("a frame within 10 s").isNotNull();
            return text;
        }

        boolean hasHeardNothing() {
            return heard.isEmpty();
        }

        void send(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            write(0x80 | TEXT, bytes, 0, bytes.length);
        }

        /// One message in two fragments.
        void sendInFragments(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            write(TEXT, bytes, 0, bytes.length / 2);
            write(0x80, bytes, bytes.length / 2, bytes.length);
        }

        void close(int code, String why) {
            byte[] reason = why.getBytes(StandardCharsets.UTF_8);
            byte[] body = ByteBuffer.allocate(2 + reason.length)
                    .putShort((short) code)
                    .put(reason)
                    .array();
            write(0x80 | CLOSE, body, 0, body.length);
        }

        /// Cuts the line without a word.
        void drop() throws IOException {
            socket.close();
        }

        /// Two messages that arrive together, whatever becomes of the connection with the first.
        void sendBoth(String first, String second) {
            byte[] one = first.getBytes(StandardCharsets.UTF_8);
            byte[] other = second.getBytes(StandardCharsets.UTF_8);
            ByteBuffer frame = frame(0x80 | TEXT, one, 0, one.length);
            ByteBuffer behind = frame(0x80 | TEXT, other, 0, other.length);
            write(ByteBuffer.allocate(frame.remaining() + behind.remaining())
                    .put(frame)
                    .put(behind)
                    .flip());
        }

        private void write(int head, byte[] bytes, int from, int to) {
            write(frame(head, bytes, from, to));
        }

        private static ByteBuffer frame(int head, byte[] bytes, int from, int to) {
            int length = to - from;
            ByteBuffer frame = ByteBuffer.allocate(length + 4).put((byte) head);
            if (length < 126) {
                frame.put((byte) length);
            } else {
                frame.put((byte) 126).putShort((short) length);
            }
            return frame.put(bytes, from, length).flip();
        }

        private synchronized void write(ByteBuffer bytes) {
            try {
                OutputStream out = socket.getOutputStream();
                byte[] all = new byte[bytes.remaining()];
                bytes.get(all);
                out.write(all);
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void serve() {
            try (socket;
                    DataInputStream in = new DataInputStream(socket.getInputStream())) {
                shakeHands(in);
                peers.add(this);
                for (String text = message(in); text != null; text = message(in)) {
                    heard.add(text);
                }
            } catch (IOException e) {
                // The line was cut.
            }
            heard.add("END");
        }

        private void shakeHands(DataInputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readUnsignedByte());
            }
            String key = head.toString()
                    .lines()
                    .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("sec-websocket-key:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseThrow();
            beforeHandshake.run();
            String answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + accepted(key) + "\r\n\r\n";
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        }

        private static String accepted(String key) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-1")
                        .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
                return Base64.getEncoder().encodeToString(digest);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        /// The next message as text, or null at the end of the stream. Pings are answered.
        private @Nullable String message(DataInputStream in) throws IOException {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            while (true) {
                int head = in.read();
                if (head < 0) {
                    return null;
                }
                byte[] body = body(in);
                switch (head & 0x0f) {
                    case CLOSE -> {
                        heard.add("CLOSE");
                        write(0x80 | CLOSE, body, 0, body.length);
                        return null;
                    }
                    case PING -> {
                        if (answersPings) {
                            write(0x80 | PONG, body, 0, body.length);
                        }
                    }
                    default -> {
                        whole.writeBytes(body);
                        if (head >= 0x80) {
                            return whole.toString(StandardCharsets.UTF_8);
                        }
                    }
                }
            }
        }

        private static byte[] body(DataInputStream in) throws IOException {
            int length = in.readUnsignedByte() & 0x7f;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = Math.toIntExact(in.readLong());
            }
            byte[] mask = in.readNBytes(4);
            byte[] body = in.readNBytes(length);
            for (int i = 0; i < body.length; i++) {
                body[i] ^= mask[i & 3];
            }
            return body;
        }
    }
}
