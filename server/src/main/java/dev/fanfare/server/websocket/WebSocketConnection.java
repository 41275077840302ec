package dev.fanfare.server.websocket;

import dev.fanfare.protocol.CloseCode;
import dev.fanfare.server.feed.Frames;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.feed.Transport;
import dev.fanfare.server.http.TlsDoor;
import dev.fanfare.server.session.Connection;
import dev.fanfare.server.session.Session;
import dev.fanfare.server.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One WebSocket after its handshake: frames in, frames out, pings, closing. It is the only handler left in the
/// channel's pipeline and owns the session that speaks through it.
final class WebSocketConnection extends ChannelInboundHandlerAdapter
        implements Connection, Transport, FrameDecoder.Listener {

    /// After this many bytes without a pause in reading, publishes of this batch are handed to their subscribers.
    private static final int BATCH_BYTES = 64 * 1024;

    private static final int FIN = 0x80;

    private final Channel channel;
    private final SessionLoop loop;
    private final FrameDecoder decoder;
    private final Outbox outbox;
    private final Session session;
    private final DirectSend direct;
    private @Nullable ChannelHandlerContext context;

    /// What was written first since the last flush, not yet with the channel; and whether anything is.
    private @Nullable ByteBuf lone;

    private boolean queued;

    /// What was written last, as long as the channel may still have it, and where its first frame begins.
    private @Nullable ByteBuf newest;

    private int newestFrom;

    /// Bytes that came while reading was paused.
    private @Nullable ByteBuf unread;

    private int batchBytes;
    private boolean readingPaused;
    private boolean decoding;
    private boolean closeSent;
    private boolean closed;
    private String closeReason = "connection lost";

    WebSocketConnection(
            Channel channel,
            SessionLoop loop,
            Function<Connection, Session> opening,
            @Nullable MessageInflater inflater) {
        this.channel = channel;
        this.loop = loop;
        this.direct = new DirectSend(channel);
        this.outbox = new Outbox(this, loop.delivery());
        this.session = opening.apply(this);
        this.decoder = new FrameDecoder(
                this,
                loop.shared(FrameDecoder.Scratch.class, FrameDecoder.Scratch::new),
                session::maxMessageSize,
                inflater);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    /// The handshake is answered: the session may speak.
    void start() {
        loop.add(this);
        session.opened();
        if (!channel.isActive()) {
            end();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        session.received();
        batchBytes += in.readableBytes();
        if (unread != null) {
            unread.writeBytes(in);
            in.release();
            return;
        }
        decode(in);
        if (batchBytes >= BATCH_BYTES) {
            endBatch();
        }
    }

    private void decode(ByteBuf in) {
        boolean keep = false;
        try {
            decoding = true;
            decoder.decode(in);
            keep = in.isReadable() && !decoder.failed() && !closed;
        } finally {
            decoding = false;
            if (keep) {
                unread = in.alloc().buffer(in.readableBytes()).writeBytes(in);
            }
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        endBatch();
    }

    private void endBatch() {
        batchBytes = 0;
        session.endOfBatch();
        updateReading();
    }

    /// Reading stops while the session waits for room, and while the peer does not take its answers.
    private void updateReading() {
        boolean answersWait = outbox.controlBytes() > Session.CONTROL_MAX_BYTES;
        if (answersWait) {
            // The transport may take all of them at once and has nothing to tell then.
            outbox.whenControlTaken(() -> channel.eventLoop().execute(this::readAgain));
        }
        boolean pause = answersWait || session.paused();
        if (pause != readingPaused && !closed) {
            readingPaused = pause;
            channel.config().setAutoRead(!pause);
        }
    }

    @Override
    public void readAgain() {
        if (closed || decoding) {
            return;
        }
        ByteBuf waiting = unread;
        if (waiting != null && !session.paused()) {
            unread = null;
            decode(waiting);
        }
        endBatch();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            newest = null;
            session.progressed();
            outbox.pump();
            if (readingPaused) {
                readAgain();
            }
            finishClosing();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException || TlsDoor.problem(cause) != null) {
            closeReason = "connection lost";
            channel.close();
        } else {
            fail(cause);
        }
    }

    @Override
    public void fail(Throwable cause) {
        session.failed(cause);
        closeReason = "internal error";
        channel.close();
    }

    private void end() {
        if (closed) {
            return;
        }
        closed = true;
        loop.remove(this);
        if (unread != null) {
            unread.release();
            unread = null;
        }
        outbox.close();
        if (lone != null) {
            lone.release();
            lone = null;
        }
        session.closed(closeReason);
    }

    // What the frames say.

    @Override
    public void text(byte[] bytes, int from, int to) {
        if (!closeSent) {
            session.text(bytes, from, to);
        }
    }

    @Override
    public void binary() {
        if (!closeSent) {
            session.binary();
        }
    }

    @Override
    public void tooLarge() {
        if (!closeSent) {
            session.tooLarge();
        }
    }

    @Override
    public void ping(byte[] bytes, int from, int to) {
        control(Opcode.PONG, bytes, from, to - from);
    }

    @Override
    public void pong() {
        // Any frame counts as a sign of life; there is nothing else to a pong.
    }

    @Override
    public void close(int code) {
        if (closeSent) {
            closeReason = closeReason + ", confirmed by the peer";
            channel.close();
            return;
        }
        closeReason = code == CloseCode.NO_STATUS ? "closed by the peer" : "closed by the peer with " + code;
        session.detach();
        sendClose(code == CloseCode.NO_STATUS ? CloseCode.NORMAL : code, "");
        outbox.pump();
        finishClosing();
        channel.eventLoop().schedule(() -> channel.close(), 1, TimeUnit.SECONDS);
    }

    @Override
    public void violation(int closeCode, String reason, @Nullable String limit) {
        session.isNotRead(limit);
        session.detach();
        close(closeCode, reason, 1_000);
    }

    @Override
    public boolean paused() {
        // Once the close frame is sent, the peer's is looked for, whatever the session waits for.
        return !closeSent && session.paused();
    }

    // What the session asks for.

    @Override
    public Outbox outbox() {
        return outbox;
    }

    @Override
    public SocketAddress peer() {
        return channel.remoteAddress();
    }

    @Override
    public long untakenBytes() {
        var pending = channel.unsafe().outboundBuffer();
        return pending == null ? 0 : pending.totalPendingWriteBytes() - pending.currentProgress();
    }

    @Override
    public long unreadBytes() {
        // Asked by the thread that watches over memory, too, while the loop may let it go.
        ByteBuf there = unread;
        return (long) decoder.keptBytes() + (there == null ? 0 : there.readableBytes());
    }

    @Override
    public long unfinishedMessage() {
        return readingPaused || unread != null ? 0 : decoder.unfinishedMessage();
    }

    @Override
    public long waitingBytes() {
        return unreadBytes() + outbox.controlBytes() + (outbox.sendsSlice() ? 0 : untakenBytes());
    }

    @Override
    public void ping() {
        control(Opcode.PING, new byte[0], 0, 0);
    }

    @Override
    public void close(int code, String reason, long lingerMillis) {
        if (closeSent || closed) {
            return;
        }
        closeReason = "closed with " + code + (reason.isEmpty() ? "" : ": " + reason);
        sendClose(code, reason);
        // The peer's own close frame still has to be read, whatever was paused.
        channel.config().setAutoRead(true);
        channel.eventLoop().schedule(() -> channel.close(), lingerMillis, TimeUnit.MILLISECONDS);
    }

    private void sendClose(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, 123);
        while (length < text.length && length > 0 && (text[length] & 0xC0) == 0x80) {
            length--; // not inside a character
        }
        byte[] payload = new byte[2 + length];
        payload[0] = (byte) (code >>> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, length);
        control(Opcode.CLOSE, payload, 0, payload.length);
        closeSent = true;
    }

    private void control(int opcode, byte[] payload, int from, int length) {
        if (closeSent) {
            return; // nothing may follow a close frame
        }
        byte[] frame = new byte[2 + length];
        frame[0] = (byte) (FIN | opcode);
        frame[1] = (byte) length;
        System.arraycopy(payload, from, frame, 2, length);
        outbox.control(frame, 0, frame.length);
    }

    /// The close frame is out and the peer has confirmed or asked for it.
    private void finishClosing() {
        if (closeSent && outbox.empty() && closeReason.startsWith("closed by the peer")) {
            channel.close();
        }
    }

    @Override
    public void abort(String reason) {
        closeReason = reason;
        channel.close();
    }

    @Override
    public void tick(long nowNanos) {
        session.tick(nowNanos);
    }

    // The writing half.

    @Override
    public void write(ByteBuf bytes) {
        session.sent(bytes.readableBytes());
        newest = bytes;
        newestFrom = bytes.readerIndex();
        if (lone == null && !queued) {
            lone = bytes; // mostly nothing else follows before the flush
            return;
        }
        queueLone();
        queue(bytes);
    }

    @Override
    public void flush() {
        ByteBuf only = lone;
        if (only != null && direct.send(only)) {
            lone = null;
            newest = null;
            only.release();
            return;
        }
        queueLone();
        queued = false;
        ChannelHandlerContext writer = context;
        if (writer != null) {
            writer.flush();
        }
        if (!blocked()) {
            newest = null;
        }
    }

    @Override
    public @Nullable ByteBuf recall() {
        ByteBuf slice = newest;
        newest = null;
        if (slice == null || !direct.rereads() || !waits(slice)) {
            return null;
        }
        ByteBuf back = Frames.cut(slice, newestFrom);
        if (back != null) {
            session.sent(-back.readableBytes());
        }
        return back;
    }

    /// Whether the channel still has this buffer. It counts what it was given, not what is left in it, so that a buffer
    /// may become shorter there.
    private boolean waits(ByteBuf bytes) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        boolean[] found = {false};
        if (pending != null) {
            try {
                pending.forEachFlushedMessage(message -> {
                    found[0] = message == bytes;
                    return !found[0];
                });
            } catch (Exception impossible) {
                throw new IllegalStateException(impossible);
            }
        }
        return found[0];
    }

    private void queueLone() {
        ByteBuf first = lone;
        if (first != null) {
            lone = null;
            queue(first);
        }
    }

    private void queue(ByteBuf bytes) {
        queued = true;
        ChannelHandlerContext writer = context;
        if (writer == null) {
            bytes.release();
        } else {
            writer.write(bytes, writer.voidPromise());
        }
    }

    /// The high-water mark is one byte: a channel is writable when, and only when, everything has been taken.
    @Override
    public boolean blocked() {
        return !channel.isWritable();
    }

    @Override
    public boolean open() {
        return channel.isActive();
    }
}
