package dev.fanfare.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocketFactory;

/// A WebSocket that does as little as it can, so that a load is not the work of whoever makes it: its frames are
/// masked with zeros and looked into by others. One thread reads, any thread writes.
final class LoadSocket implements AutoCloseable {

    private static final int CONNECT_MILLIS = 10_000;
    private static final int BUFFER = 64 * 1024;
    private static final int FRAME_MAX = 64 << 20;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    private byte[] frame = new byte[1024];
    private int length;

    private LoadSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER));
        this.out = socket.getOutputStream();
    }

    /// Connects, and shows the server who it is.
    ///
    /// @param server such as `http://127.0.0.1:8080`
    static LoadSocket open(URI server, Map<String, String> headers) throws IOException {
        boolean secure = server.getScheme().equals("https");
        int port = server.getPort() >= 0 ? server.getPort() : secure ? 443 : 80;
        Socket socket = secure ? SSLSocketFactory.getDefault().createSocket() : new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(server.getHost(), port), CONNECT_MILLIS);
            LoadSocket opened = new LoadSocket(socket);
            opened.upgrade(server, port, headers);
            return opened;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void upgrade(URI server, int port, Map<String, String> headers) throws IOException {
        String path = (server.getRawPath() == null ? "" : server.getRawPath()) + "/ws";
        StringBuilder head = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: " + server.getHost() + ":" + port
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        while (!answer.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            answer.write(in.readUnsignedByte());
        }
        String status = answer.toString(StandardCharsets.ISO_8859_1).replaceFirst("(?s)\r\n.*", "");
        if (!status.contains(" 101")) {
            throw new IOException("the server answered '" + status + "' instead of opening a WebSocket");
        }
    }

    /// A text as a frame.
    static byte[] frame(byte[] text) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream(text.length + 14);
        head(frame, 0x81, text.length);
        frame.writeBytes(text);
        return frame.toByteArray();
    }

    private static void head(ByteArrayOutputStream frame, int first, int length) {
        frame.write(first);
        if (length < 126) {
            frame.write(0x80 | length);
        } else if (length < 65_536) {
            frame.write(0x80 | 126);
            frame.write(length >> 8);
            frame.write(length);
        } else {
            frame.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) length >> shift));
            }
        }
        frame.writeBytes(new byte[4]);
    }

    void send(String text) throws IOException {
        byte[] bytes = frame(text.getBytes(StandardCharsets.UTF_8));
        write(bytes, bytes.length);
    }

    /// Writes whole frames.
    void write(byte[] frames, int count) throws IOException {
        writing.lock();
        try {
            out.write(frames, 0, count);
        } finally {
            writing.unlock();
        }
    }

    /// Waits for the next text; [#bytes] and [#length] are it then.
    ///
    /// @throws IOException when the connection is over
    void read() throws IOException {
        while (true) {
            int opcode = in.readUnsignedByte() & 15;
            int small = in.readUnsignedByte() & 127;
            long size = small == 126 ? in.readUnsignedShort() : small == 127 ? in.readLong() : small;
            if (size > FRAME_MAX) {
                throw new IOException("a frame of " + size + " bytes");
            }
            if (frame.length < size) {
                frame = new byte[(int) size * 2];
            }
            length = (int) size;
            in.readFully(frame, 0, length);
            switch (opcode) {
                case CLOSE -> throw new EOFException("the server closed the connection");
                case PING -> pong();
                case PONG -> {}
                default -> {
                    return;
                }
            }
        }
    }

    private void pong() throws IOException {
        ByteArrayOutputStream pong = new ByteArrayOutputStream();
        head(pong, 0x80 | PONG, length);
        pong.write(frame, 0, length);
        write(pong.toByteArray(), pong.size());
    }

    byte[] bytes() {
        return frame;
    }

    int length() {
        return length;
    }

    String text() {
        return new String(frame, 0, length, StandardCharsets.UTF_8);
    }

    /// Whether the text read is of a type, whose name is the first value in it.
    boolean isOf(String type) {
        byte[] begin = ("{\"type\":\"" + type).getBytes(StandardCharsets.US_ASCII);
        return length > begin.length && Arrays.equals(frame, 0, begin.length, begin, 0, begin.length);
    }

    /// Where the bytes behind a mark begin in the text read; -1 when it is not in it.
    int behind(byte[] mark) {
        for (int at = 0; at <= length - mark.length; at++) {
            int same = 0;
            while (same < mark.length && frame[at + same] == mark[same]) {
                same++;
            }
            if (same == mark.length) {
                return at + same;
            }
        }
        return -1;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
