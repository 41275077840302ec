package dev.fanfare.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// A connection whose bytes a test writes itself. Reading ends with an exception after 20 seconds of silence.
public final class RawHttp implements AutoCloseable {

    private static final int SILENCE_MILLIS = 20_000;

    private final Socket socket = new Socket();
    private final InputStream in;

    /// Connects to a port of this machine.
    public RawHttp(int port) throws IOException {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), SILENCE_MILLIS);
        socket.setSoTimeout(SILENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = socket.getInputStream();
    }

    /// One answer.
    ///
    /// @param headers by their names in lower case
    public record Response(int status, Map<String, String> headers, String body) {
        /// A header by its name in lower case; empty if there is none.
        public String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /// Sends these characters, one byte each.
    public RawHttp send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    /// Sends a request from its lines, which have no ends yet.
    public RawHttp request(String... lines) throws IOException {
        return send(String.join("\r\n", lines) + "\r\n\r\n");
    }

    /// Asks for a WebSocket; the next answer is that of the handshake.
    public RawHttp handshake() throws IOException {
        return request(
                "GET /ws HTTP/1.1",
                "Host: x",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    }

    /// The next answer, with its body if it has a length.
    public Response read() throws IOException {
        return read(true);
    }

    /// The next answer.
    ///
    /// @param body whether one follows
    public Response read(boolean body) throws IOException {
        String status = line();
        Map<String, String> headers = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = body ? Integer.parseInt(headers.getOrDefault("content-length", "0")) : 0;
        byte[] bytes = in.readNBytes(length);
        return new Response(Integer.parseInt(status.split(" ", -1)[1]), headers, new String(bytes, ISO_8859_1));
    }

    /// The next line, without its end.
    public String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended after '" + line + "'");
            }
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    /// The next byte, as a character.
    public char read1() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new EOFException("the connection ended");
        }
        return (char) b;
    }

    /// Whether the server has closed its half: waits for it.
    public boolean ended() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
