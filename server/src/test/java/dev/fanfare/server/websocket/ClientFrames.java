package dev.fanfare.server.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Bytes as a client sends them: frames are put together bit by bit, so that wrong ones can be made too.
final class ClientFrames {

    static final int FIN = 0x80;
    static final int RSV1 = 0x40;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int mask = 0x37FA213D;

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// A whole text message.
    ClientFrames text(String text) {
        return frame(FIN | Opcode.TEXT, utf8(text));
    }

    /// A frame with this first byte, its length in the shortest form, masked.
    ClientFrames frame(int first, byte[] payload) {
        int form = payload.length < 126 ? payload.length : payload.length <= 0xFFFF ? 126 : 127;
        return header(first, form, payload.length).payload(payload);
    }

    ClientFrames frame(int first, String payload) {
        return frame(first, utf8(payload));
    }

    /// A header alone; `form` is the seven bits of the length.
    ClientFrames header(int first, int form, long length) {
        bytes.write(first);
        bytes.write(0x80 | form);
        int size = form == 127 ? 8 : form == 126 ? 2 : 0;
        for (int shift = size * 8 - 8; shift >= 0; shift -= 8) {
            bytes.write((int) (length >>> shift));
        }
        mask = mask * 31 + 7; // another one for each frame
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes.write(mask >>> shift);
        }
        return this;
    }

    /// A payload, masked with the mask of the last header.
    ClientFrames payload(byte[] payload) {
        for (int i = 0; i < payload.length; i++) {
            bytes.write(payload[i] ^ mask >>> (24 - 8 * (i & 3)));
        }
        return this;
    }

    /// Bytes as they are.
    ClientFrames raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
