package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A WebSocket peer on a plain socket: can send any bytes, reads only when asked, and holds the server to RFC 6455.
/// Pings are answered while it waits for something else. One thread at a time reads; one at a time writes.
final class WireClient implements AutoCloseable {

    /// How long anything is waited for.
    static final Duration PATIENCE = Duration.ofSeconds(20);

    static final JsonMapper JSON = JsonMapper.shared();

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final Inflater inflater = new Inflater(true);
    private List<String> handshakeAnswer = List.of();
    private boolean answersPings = true;

    private WireClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
        this.out = socket.getOutputStream();
    }

    /// A TCP connection, and nothing said yet.
    static WireClient tcp(int port) {
        return tcp(port, 0);
    }

    /// The same with a receive buffer of that many bytes, for readers that stop; 0 is the system's.
    static WireClient tcp(int port, int receiveBuffer) {
        try {
            Socket socket = new Socket();
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) PATIENCE.toMillis());
            return new WireClient(socket);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// A connection that was made elsewhere, such as an encrypted one.
    static WireClient on(Socket socket) {
        try {
            return new WireClient(socket);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// A WebSocket on `/ws`.
    static WireClient open(int port) {
        return tcp(port).upgrade("/ws");
    }

    /// Does the handshake with these further header lines; an [AssertionError] unless it is accepted.
    WireClient upgrade(String path, String... headers) {
        String status = handshake(path, headers);
        assertThat(status).startsWith("HTTP/1.1 101 ");
        assertThat(header("Sec-WebSocket-Accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assertThat(header("Upgrade")).isEqualToIgnoringCase("websocket");
        return this;
    }

    /// Sends a handshake; the status line of the answer.
    String handshake(String path, String... headers) {
        bytes(handshakeRequest(path, headers).getBytes(StandardCharsets.ISO_8859_1));
        return readHead();
    }

    /// A good handshake with the example key of RFC 6455.
    static String handshakeRequest(String path, String... headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        request.append("Upgrade: websocket\r\nConnection: Upgrade\r\n");
        request.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /// Reads status line and headers of an HTTP answer; the status line.
    String readHead() {
        List<String> lines = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            lines.add(line);
        }
        handshakeAnswer = lines;
        return lines.isEmpty() ? "" : lines.getFirst();
    }

    /// A header of the answer read last, or null.
    @Nullable
    String header(String name) {
        return handshakeAnswer.stream()
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse(null);
    }

    private String line() {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new EOFException("the server closed the connection instead of answering");
                }
                line.write(b);
            }
            return line.toString(StandardCharsets.ISO_8859_1).strip();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// Sends a text message.
    WireClient send(String text) {
        return bytes(Frames.text(text));
    }

    /// Sends a close frame.
    WireClient sendClose(int code) {
        return bytes(Frames.close(code));
    }

    /// Sends these bytes.
    WireClient bytes(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
            return this;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// Sends these bytes, to a server that may already have hung up.
    void bytesOrHungUp(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException hungUp) {
            assertThat(hungUp).isInstanceOf(SocketException.class);
        }
    }

    /// From here on pings of the server stay unanswered.
    WireClient muted() {
        answersPings = false;
        return this;
    }

    /// The next text message as it came. Fails on anything else.
    String text() {
        Frame frame = next();
        assertThat(frame.opcode()).as("a text frame, not %s", frame).isEqualTo(Frame.TEXT);
        return frame.text();
    }

    /// The next text message as JSON.
    JsonNode json() {
        return JSON.readTree(text());
    }

    /// The next frame that is neither a ping that was answered nor a pong.
    Frame next() {
        while (true) {
            Frame frame = frame();
            if (frame.opcode() == Frame.PING && answersPings) {
                bytes(Frames.whole(Frame.PONG, frame.payload()));
            } else if (frame.opcode() != Frame.PONG || !answersPings) {
                return frame;
            }
        }
    }

    /// The next frame, whatever it is, checked as RFC 6455 wants frames of a server.
    Frame frame() {
        try {
            int first = in.readUnsignedByte();
            int second = in.readUnsignedByte();
            assertThat(first & 0x30).as("reserved bits 2 and 3").isZero();
            assertThat(first & 0x80).as("this server does not split messages").isEqualTo(0x80);
            assertThat(second & 0x80).as("a server's frames have no mask").isZero();
            long length = second;
            if (length == 126) {
                length = in.readUnsignedShort();
                assertThat(length).as("the shortest form of the length").isGreaterThan(125);
            } else if (length == 127) {
                length = in.readLong();
                assertThat(length).as("the shortest form of the length").isGreaterThan(65_535);
            }
            int opcode = first & 0x0f;
            assertThat(opcode).isIn(Frame.TEXT, Frame.CLOSE, Frame.PING, Frame.PONG);
            assertThat(length).isLessThanOrEqualTo(opcode >= Frame.CLOSE ? 125 : 16 << 20);
            byte[] payload = in.readNBytes((int) length);
            if (payload.length < length) {
                throw new EOFException("the connection ended inside a frame");
            }
            boolean compressed = (first & 0x40) != 0;
            return new Frame(opcode, compressed, compressed ? inflate(payload) : payload);
        } catch (InterruptedIOException late) {
            throw new AssertionError("nothing came within " + PATIENCE, late);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private byte[] inflate(byte[] payload) {
        // Without context takeover every message stands alone; the tail that senders leave out belongs to the stream.
        inflater.reset();
        byte[] input = new byte[payload.length + 4];
        System.arraycopy(payload, 0, input, 0, payload.length);
        input[input.length - 2] = (byte) 0xff;
        input[input.length - 1] = (byte) 0xff;
        inflater.setInput(input);
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try {
            for (int n = inflater.inflate(buffer); n > 0; n = inflater.inflate(buffer)) {
                result.write(buffer, 0, n);
            }
        } catch (DataFormatException broken) {
            throw new AssertionError("a compressed message that does not decompress", broken);
        }
        return result.toByteArray();
    }

    /// Text messages until one of this `type` comes, that one included.
    List<JsonNode> until(String type) {
        List<JsonNode> heard = new ArrayList<>();
        do {
            heard.add(json());
        } while (!heard.getLast().path("type").stringValue("").equals(type));
        return heard;
    }

    /// The next `count` text messages, which must all be events.
    List<JsonNode> events(int count) {
        List<JsonNode> events = new ArrayList<>(count);
        while (events.size() < count) {
            JsonNode event = json();
            assertThat(event.path("type").stringValue()).as("%s", event).isEqualTo("event");
            events.add(event);
        }
        return events;
    }

    /// Reads up to the close frame and answers it; its code.
    int closeCode() {
        Frame frame = next();
        while (frame.opcode() != Frame.CLOSE) {
            frame = next();
        }
        bytesOrHungUp(Frames.whole(Frame.CLOSE, frame.payload()));
        return frame.closeCode();
    }

    /// Reads to the end of the connection: true when it ended by itself, with or without a reset.
    boolean ended() {
        try {
            while (in.read() >= 0) {
                in.skipBytes(in.available());
            }
            return true;
        } catch (SocketException reset) {
            return true;
        } catch (IOException late) {
            return false;
        }
    }

    /// Everything up to the end of the connection, as text.
    String rest() {
        try {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// Reads the answer to what is no good request: true when it is an error of HTTP, or no answer but the end.
    boolean refused() {
        try {
            return readHead().matches("HTTP/1\\.1 [45]\\d\\d .*");
        } catch (UncheckedIOException hungUp) {
            return !(hungUp.getCause() instanceof InterruptedIOException);
        }
    }

    /// Closes properly and fails when anything but the answer was still to come.
    void closeWithNothingLeft() {
        sendClose(1000);
        Frame frame = next();
        assertThat(frame.opcode()).as("nothing left to receive, but %s", frame).isEqualTo(Frame.CLOSE);
        assertThat(ended()).isTrue();
        close();
    }

    /// Hangs up without a word, with a reset.
    void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        inflater.end();
        try {
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
