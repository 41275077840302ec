package dev.fanfare.server.websocket;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Decompresses whole messages: RFC 7692, section 7.2.2. Every message stands alone, since the handshake denies the
/// client a context that is taken over; so the connections of an event loop share one.
final class MessageInflater {

    /// The message is larger than allowed.
    static final int TOO_LARGE = -1;

    /// The bytes are no DEFLATE stream.
    static final int MALFORMED = -2;

    private static final byte[] TRAILER = {0, 0, (byte) 0xFF, (byte) 0xFF};

    private final Inflater inflater = new Inflater(true);
    private byte[] out = new byte[4096];

    /// Decompresses into [#bytes] and answers the size, [#TOO_LARGE] or [#MALFORMED]. A small message that would
    /// grow without end is given up as soon as it passes `max`.
    int inflate(byte[] bytes, int length, int max) {
        inflater.reset();
        try {
            inflater.setInput(bytes, 0, length);
            int size = drain(0, max);
            if (size >= 0) {
                inflater.setInput(TRAILER);
                size = drain(size, max);
            }
            return size;
        } catch (DataFormatException malformed) {
            return MALFORMED;
        }
    }

    private int drain(int size, int max) throws DataFormatException {
        while (true) {
            if (size == out.length) {
                if (size > max) {
                    return TOO_LARGE;
                }
                out = Arrays.copyOf(out, Math.min(max + 1, out.length * 2));
            }
            int inflated = inflater.inflate(out, size, out.length - size);
            size += inflated;
            if (size > max) {
                return TOO_LARGE;
            }
            if (inflated == 0) {
                return inflater.needsDictionary() ? MALFORMED : size;
            }
        }
    }

    /// What the last message was decompressed to.
    byte[] bytes() {
        return out;
    }
}
