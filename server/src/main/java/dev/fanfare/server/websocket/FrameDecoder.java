package dev.fanfare.server.websocket;

import dev.fanfare.BrokerLimit;
import dev.fanfare.protocol.CloseCode;
import dev.fanfare.protocol.Utf8;
import dev.fanfare.server.limits.Limit;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Reads the frames of a client: RFC 6455, section 5, and the compressed messages of RFC 7692.
///
/// A message that lies whole in the bytes at hand, as most do, is unmasked into the loop's scratch area and handed
/// on from there; only what is split over reads or fragments takes memory of the connection. A message above the
/// limit is passed over and told of at its end; above sixteen times the limit the connection is failed.
final class FrameDecoder {

    /// What the frames say. Called from inside [#decode].
    interface Listener {
        /// A whole text message, well-formed UTF-8; the bytes are only lent.
        void text(byte[] bytes, int from, int to);

        /// A whole binary message, which was passed over.
        void binary();

        /// A whole message of more bytes than allowed, which was passed over.
        void tooLarge();

        /// A ping, to be answered with the same bytes.
        void ping(byte[] bytes, int from, int to);

        /// A pong.
        void pong();

        /// The peer closes; [CloseCode#NO_STATUS] when it gave no code.
        void close(int code);

        /// The peer broke the protocol, or sends what is not read to its end: nothing is decoded any more.
        ///
        /// @param limit what it ran into; null when it broke the protocol
        void violation(int closeCode, String reason, @Nullable String limit);

        /// Whether decoding has to stop for now.
        boolean paused();
    }

    /// Memory that all connections of one event loop share, each for the duration of one call.
    static final class Scratch {
        private byte[] bytes = new byte[4096];

        byte[] atLeast(int size) {
            if (bytes.length < size) {
                bytes = new byte[Math.max(size, bytes.length * 2)];
            }
            return bytes;
        }
    }

    private static final int HEADER_MAX = 14;
    private static final int CONTROL_MAX = 125;
    private static final int FAIL_FACTOR = 16;

    /// The most fragments of a message: each costs time, also an empty one.
    private static final int FRAGMENTS_MAX = 4_096;
    private static final byte[] NOTHING = {};

    private final Listener listener;
    private final Scratch scratch;
    private final IntSupplier limit;
    private final @Nullable MessageInflater inflater;

    // The frame being read.
    private final byte[] header = new byte[HEADER_MAX];
    private int headerLength;
    private boolean inPayload;
    private boolean fin;
    private int opcode;
    private long remaining;
    private int maskAt;

    /// Of the message being read.
    private long messageMax;

    // The message being read, as far as it does not lie in the scratch area: fragments, or the first part of a frame.
    private byte[] data = NOTHING;
    private int dataLength;
    private long messageLength;
    private int fragments;
    private int messageOpcode = -1;

    /// How many have begun.
    private long messages;
    private boolean compressed;

    private byte[] control = NOTHING;
    private int controlLength;
    private boolean failed;

    /// @param limit the largest message, in bytes, all its fragments together, compressed or not; for what begins
    /// @param inflater when permessage-deflate was agreed on
    FrameDecoder(Listener listener, Scratch scratch, IntSupplier limit, @Nullable MessageInflater inflater) {
        this.listener = listener;
        this.scratch = scratch;
        this.limit = limit;
        this.messageMax = limit.getAsInt();
        this.inflater = inflater;
    }

    /// Reads as much as there is, or until the listener pauses or the protocol is broken; then nothing more is read.
    void decode(ByteBuf in) {
        while (in.isReadable() && !failed && !listener.paused()) {
            if (!inPayload && !readHeader(in)) {
                return;
            }
            if (inPayload) {
                readPayload(in);
            }
        }
    }

    /// How many bytes it keeps of a message that is not whole yet.
    int keptBytes() {
        return data.length;
    }

    /// The number of the message that has begun and not ended; 0 when there is none.
    long unfinishedMessage() {
        return messageOpcode >= 0 ? messages : 0;
    }

    /// Whether the protocol was broken.
    boolean failed() {
        return failed;
    }

    private boolean readHeader(ByteBuf in) {
        if (headerLength < 2 && !fill(in, 2)) {
            return false;
        }
        int length7 = header[1] & 0x7F;
        int needed = 2 + (length7 == 126 ? 2 : length7 == 127 ? 8 : 0) + 4;
        if ((header[1] & 0x80) == 0) {
            return fail(CloseCode.PROTOCOL_ERROR, "a client's frames must be masked");
        }
        if (!fill(in, needed)) {
            return false;
        }
        headerLength = 0;
        fin = (header[0] & 0x80) != 0;
        opcode = header[0] & 0x0F;
        maskAt = needed - 4;
        remaining = length7;
        if (length7 == 126) {
            remaining = (header[2] & 0xFFL) << 8 | header[3] & 0xFFL;
        } else if (length7 == 127) {
            remaining = 0;
            for (int i = 2; i < 10; i++) {
                remaining = remaining << 8 | header[i] & 0xFF;
            }
        }
        return check(length7) && begin();
    }

    private boolean fill(ByteBuf in, int needed) {
        int missing = Math.min(needed - headerLength, in.readableBytes());
        in.readBytes(header, headerLength, missing);
        headerLength += missing;
        return headerLength == needed;
    }

    private boolean check(int length7) {
        boolean first = opcode == Opcode.TEXT || opcode == Opcode.BINARY;
        int reserved = header[0] & 0x70;
        if (reserved != 0 && !(reserved == 0x40 && first && inflater != null)) {
            return fail(CloseCode.PROTOCOL_ERROR, "a reserved bit is set");
        }
        if (!Opcode.known(opcode)) {
            return fail(CloseCode.PROTOCOL_ERROR, "unknown opcode " + opcode);
        }
        if (remaining < 0 || length7 == 126 && remaining < 126 || length7 == 127 && remaining <= 0xFFFF) {
            return fail(CloseCode.PROTOCOL_ERROR, "the length is not in its shortest form");
        }
        if (Opcode.control(opcode)) {
            if (!fin || remaining > CONTROL_MAX) {
                return fail(CloseCode.PROTOCOL_ERROR, "a control frame is fragmented or longer than 125 bytes");
            }
        } else if (first == (messageOpcode >= 0)) {
            return fail(
                    CloseCode.PROTOCOL_ERROR,
                    first ? "a new message begins inside another" : "a continuation without a message");
        }
        return Opcode.control(opcode) || checkSize(first);
    }

    private boolean checkSize(boolean first) {
        if (first) {
            messageMax = limit.getAsInt();
        }
        if (remaining > messageMax * FAIL_FACTOR - messageLength) { // a sum might wrap around
            return notRead(
                    "a message of more than " + messageMax * FAIL_FACTOR + " bytes", BrokerLimit.MESSAGE_SIZE.label());
        } else if (++fragments > FRAGMENTS_MAX) {
            return notRead("a message in more than " + FRAGMENTS_MAX + " fragments", Limit.FRAGMENTS.label());
        }
        return true;
    }

    private boolean begin() {
        if (!Opcode.control(opcode)) {
            if (opcode != Opcode.CONTINUATION) {
                messageOpcode = opcode;
                messages++;
                compressed = (header[0] & 0x40) != 0;
            }
            messageLength += remaining;
            if (!kept()) {
                data = NOTHING;
                dataLength = 0;
            }
        }
        inPayload = true;
        if (remaining == 0) {
            endFrame(data, dataLength);
        }
        return true;
    }

    /// Whether the message is one whose bytes are wanted.
    private boolean kept() {
        return messageLength <= messageMax && messageOpcode == Opcode.TEXT;
    }

    private void readPayload(ByteBuf in) {
        int available = (int) Math.min(remaining, in.readableBytes());
        if (available == 0) {
            return;
        }
        boolean whole = available == remaining;
        if (Opcode.control(opcode)) {
            control = room(control, controlLength, available, CONTROL_MAX);
            take(in, control, controlLength, available);
            controlLength += available;
        } else if (!kept()) {
            in.skipBytes(available);
        } else if (whole && dataLength == 0 && fin) {
            byte[] bytes = scratch.atLeast(available);
            take(in, bytes, 0, available);
            remaining = 0;
            endFrame(bytes, available);
            return;
        } else {
            data = room(data, dataLength, available, (int) messageMax);
            take(in, data, dataLength, available);
            dataLength += available;
        }
        remaining -= available;
        if (remaining == 0) {
            endFrame(data, dataLength);
        }
    }

    private static byte[] room(byte[] bytes, int used, int more, int max) {
        int needed = used + more;
        return bytes.length >= needed ? bytes : Arrays.copyOf(bytes, Math.min(max, Math.max(needed, bytes.length * 2)));
    }

    private void take(ByteBuf in, byte[] to, int at, int length) {
        in.readBytes(to, at, length);
        Mask.apply(to, at, length, header, maskAt);
        // The next part of this frame goes on with the mask where this one stopped.
        Mask.rotate(header, maskAt, length);
    }

    private void endFrame(byte[] bytes, int length) {
        inPayload = false;
        if (Opcode.control(opcode)) {
            int size = controlLength;
            controlLength = 0;
            endControl(size);
        } else if (fin) {
            endMessage(bytes, length);
        }
    }

    private void endControl(int size) {
        switch (opcode) {
            case Opcode.PING -> listener.ping(control, 0, size);
            case Opcode.PONG -> listener.pong();
            default -> endClose(size);
        }
        control = NOTHING;
    }

    private void endClose(int size) {
        if (size == 0) {
            listener.close(CloseCode.NO_STATUS);
            return;
        }
        int code = size < 2 ? 0 : (control[0] & 0xFF) << 8 | control[1] & 0xFF;
        if (!CloseCode.mayBeSent(code)) {
            fail(CloseCode.PROTOCOL_ERROR, "a close frame with the code " + code);
        } else if (!Utf8.wellFormed(control, 2, size)) {
            fail(CloseCode.INVALID_TEXT, "a close reason that is not UTF-8");
        } else {
            listener.close(code);
        }
    }

    private void endMessage(byte[] bytes, int length) {
        boolean tooLarge = messageLength > messageMax;
        boolean binary = messageOpcode == Opcode.BINARY;
        boolean inflate = compressed;
        messageOpcode = -1;
        messageLength = 0;
        fragments = 0;
        data = NOTHING;
        dataLength = 0;
        compressed = false;
        if (tooLarge) {
            listener.tooLarge();
        } else if (binary) {
            listener.binary();
        } else if (inflate && inflater != null) {
            inflate(inflater, bytes, length);
        } else {
            text(bytes, length);
        }
    }

    private void inflate(MessageInflater with, byte[] bytes, int length) {
        int size = with.inflate(bytes, length, (int) messageMax);
        if (size == MessageInflater.TOO_LARGE) {
            listener.tooLarge();
        } else if (size == MessageInflater.MALFORMED) {
            fail(CloseCode.INVALID_TEXT, "a compressed message that can't be decompressed");
        } else {
            text(with.bytes(), size);
        }
    }

    private void text(byte[] bytes, int length) {
        if (Utf8.wellFormed(bytes, 0, length)) {
            listener.text(bytes, 0, length);
        } else {
            fail(CloseCode.INVALID_TEXT, "a text message that is not UTF-8");
        }
    }

    private boolean notRead(String what, String limit) {
        return fail(CloseCode.TOO_LARGE, what + " is not read to its end", limit);
    }

    private boolean fail(int closeCode, String reason) {
        return fail(closeCode, reason, null);
    }

    private boolean fail(int closeCode, String reason, @Nullable String limit) {
        failed = true;
        data = NOTHING;
        listener.violation(closeCode, reason, limit);
        return false;
    }
}
