package dev.fanfare.bench;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A WebSocket of the standard dialect that counts what it hears and looks into none of it. For one thread.
final class RawWebSocket implements AutoCloseable {

    private static final List<String> HANDSHAKE = List.of(
            "GET /ws HTTP/1.1",
            "Host: localhost",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==");

    private final Socket socket = new Socket();
    private final DataInputStream in;

    /// Connects to this machine.
    ///
    /// @param receive bytes that the system keeps for it; 0 for what it likes
    /// @param buffer bytes that are taken from the system at a time
    RawWebSocket(int port, int receive, int buffer) throws IOException {
        if (receive > 0) {
            socket.setReceiveBufferSize(receive);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), buffer));
        write(String.join("\r\n", HANDSHAKE) + "\r\n\r\n");
        int lineEnds = 0;
        while (lineEnds < 4) {
            int next = in.readByte();
            lineEnds = next == '\r' || next == '\n' ? lineEnds + 1 : 0;
        }
    }

    /// Sends a text of less than 126 bytes, masked with zeros.
    void send(String text) throws IOException {
        socket.getOutputStream().write(new byte[] {(byte) 0x81, (byte) (0x80 | text.length()), 0, 0, 0, 0});
        write(text);
    }

    private void write(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Passes over one frame.
    void skipFrame() throws IOException {
        in.skipNBytes(1);
        int length = in.readUnsignedByte();
        in.skipNBytes(length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
