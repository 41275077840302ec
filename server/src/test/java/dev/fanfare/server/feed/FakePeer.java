package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The other end of a connection: takes what is sent, or refuses it. On the connection's loop.
public final class FakePeer implements Transport {

    /// What its connection sends through.
    public final Outbox outbox;

    /// The texts of the frames taken, in order.
    public final List<String> texts = new ArrayList<>();

    /// What is done with each.
    Consumer<String> sink = texts::add;

    /// How many bytes each write had.
    final List<Integer> writes = new ArrayList<>();

    @Nullable
    Throwable failure;

    private final Deque<ByteBuf> waiting = new ArrayDeque<>();
    private boolean taking = true;
    private boolean open = true;

    /// The other end of a connection on this loop.
    public FakePeer(Loop loop) {
        outbox = new Outbox(this, loop);
    }

    /// Takes no more bytes.
    public void refuse() {
        taking = false;
    }

    /// Takes what waits, and what comes.
    public void take() {
        taking = true;
        flush();
        outbox.pump();
    }

    /// Takes what waits, and refuses what comes then.
    void takeOnce() {
        taking = true;
        flush();
        taking = false;
        outbox.pump();
    }

    /// The connection is gone.
    public void close() {
        open = false;
        outbox.close();
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    /// The texts taken since the last call.
    List<String> takeTexts() {
        List<String> taken = List.copyOf(texts);
        texts.clear();
        return taken;
    }

    @Override
    public void write(ByteBuf bytes) {
        writes.add(bytes.readableBytes());
        waiting.add(bytes);
    }

    @Override
    public void flush() {
        while (taking && !waiting.isEmpty()) {
            ByteBuf bytes = waiting.remove();
            byte[] copy = new byte[bytes.readableBytes()];
            bytes.readBytes(copy);
            bytes.release();
            texts(copy).forEach(sink);
        }
    }

    /// As if the first frame of all that waits had begun to leave.
    @Override
    public @Nullable ByteBuf recall() {
        ByteBuf newest = waiting.getLast();
        if (waiting.size() > 1) {
            waiting.removeLast();
            return newest;
        }
        int from = newest.readerIndex();
        newest.skipBytes(1);
        ByteBuf rest = Frames.cut(newest, from);
        newest.readerIndex(from);
        return rest;
    }

    @Override
    public boolean blocked() {
        return !waiting.isEmpty();
    }

    @Override
    public void fail(Throwable cause) {
        failure = cause;
    }

    @Override
    public boolean open() {
        return open;
    }

    /// The texts of whole unmasked text frames; anything else, and anything left over, is an error.
    static List<String> texts(byte[] frames) {
        List<String> texts = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(frames);
        while (in.hasRemaining()) {
            int first = in.get() & 0xFF;
            if (first != TextFrame.TEXT) {
                throw new AssertionError("a frame begins with " + Integer.toHexString(first));
            }
            long length = in.get();
            if (length == 126) {
                length = in.getShort() & 0xFFFF;
            } else if (length == 127) {
                length = in.getLong();
            }
            byte[] text = new byte[Math.toIntExact(length)];
            in.get(text);
            texts.add(new String(text, StandardCharsets.UTF_8));
        }
        return texts;
    }

    /// Adds a control frame to the outbox.
    void control(String text) {
        TextFrame frame = new TextFrame();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        frame.begin().put(bytes);
        frame.end(TextFrame.TEXT);
        outbox.control(frame.array(), frame.from(), frame.length());
    }

    /// A frame with this text.
    static byte[] frame(String text) {
        TextFrame frame = new TextFrame();
        frame.begin().put(text.getBytes(StandardCharsets.UTF_8));
        frame.end(TextFrame.TEXT);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(frame.array(), frame.from(), frame.length());
        return out.toByteArray();
    }
}
