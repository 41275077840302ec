package dev.fanfare.server.acceptance;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Frames of a client, right or wrong: every bit of the header is the caller's.
final class Frames {

    private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};
    private static final int FIN = 0x80;

    private Frames() {}

    /// A text message in one frame.
    static byte[] text(String text) {
        return masked(FIN | Frame.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /// A whole message or a control frame.
    static byte[] whole(int opcode, byte[] payload) {
        return masked(FIN | opcode, payload);
    }

    /// The first frame of a message, or one in its middle.
    static byte[] unfinished(int opcode, byte[] payload) {
        return masked(opcode, payload);
    }

    /// A close frame.
    static byte[] close(int code) {
        return masked(FIN | Frame.CLOSE, new byte[] {(byte) (code >> 8), (byte) code});
    }

    /// A masked frame with any first byte.
    static byte[] masked(int firstByte, byte[] payload) {
        byte[] body = new byte[payload.length];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) (payload[i] ^ MASK[i & 3]);
        }
        ByteArrayOutputStream frame = header(firstByte, 0x80, payload.length);
        frame.writeBytes(MASK);
        frame.writeBytes(body);
        return frame.toByteArray();
    }

    /// A frame without a mask, which no client may send.
    static byte[] unmasked(int firstByte, byte[] payload) {
        ByteArrayOutputStream frame = header(firstByte, 0, payload.length);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    /// Only the header of a masked frame that claims this length.
    static byte[] headerOnly(int firstByte, long length) {
        ByteArrayOutputStream frame = header(firstByte, 0x80, length);
        frame.writeBytes(MASK);
        return frame.toByteArray();
    }

    private static ByteArrayOutputStream header(int firstByte, int maskBit, long length) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(firstByte);
        if (length >= 0 && length < 126) {
            frame.write(maskBit | (int) length);
        } else if (length >= 0 && length < 65_536) {
            frame.write(maskBit | 126);
            frame.write((int) length >> 8);
            frame.write((int) length);
        } else {
            frame.write(maskBit | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) (length >> shift));
            }
        }
        return frame;
    }
}
