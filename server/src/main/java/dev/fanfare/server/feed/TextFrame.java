package dev.fanfare.server.feed;

import dev.fanfare.protocol.JsonBytes;
import io.netty.buffer.ByteBuf;

/// One unmasked WebSocket text frame, put together in a buffer that is used again and again: room for the header,
/// then the text. The header is written last, when the length is known, directly before the text.
public final class TextFrame {

    /// The most bytes of a header.
    public static final int HEADER_ROOM = 10;
    private static final byte[] BLANK = new byte[HEADER_ROOM];

    /// First byte of an unfragmented text frame.
    public static final int TEXT = 0x81;

    /// The same, compressed: RFC 7692, section 6.
    static final int COMPRESSED_TEXT = 0xC1;

    private final JsonBytes bytes = new JsonBytes();
    private int from;

    /// Begins a frame and forgets the one before: the text is appended to what this answers.
    public JsonBytes begin() {
        bytes.reset();
        bytes.put(BLANK, 0, HEADER_ROOM);
        return bytes;
    }

    /// The text so far.
    JsonBytes text() {
        return bytes;
    }

    /// Writes the header of RFC 6455, section 5.2, with this first byte; the frame is complete.
    public void end(int first) {
        from = header(bytes.array(), bytes.length() - HEADER_ROOM, first);
    }

    /// Writes a header that ends at [#HEADER_ROOM] and answers where it begins.
    private static int header(byte[] array, int length, int first) {
        if (length < 126) {
            array[8] = (byte) first;
            array[9] = (byte) length;
            return 8;
        }
        if (length <= 0xFFFF) {
            array[6] = (byte) first;
            array[7] = 126;
            array[8] = (byte) (length >>> 8);
            array[9] = (byte) length;
            return 6;
        }
        array[0] = (byte) first;
        array[1] = 127;
        for (int i = 0; i < 8; i++) {
            array[2 + i] = (byte) ((long) length >>> (56 - 8 * i));
        }
        return 0;
    }

    /// Appends the header of an uncompressed text frame whose text, of this length, is to follow.
    public static void header(ByteBuf out, int length) {
        out.writeByte(TEXT);
        if (length < 126) {
            out.writeByte(length);
        } else if (length <= 0xFFFF) {
            out.writeByte(126).writeShort(length);
        } else {
            out.writeByte(127).writeLong(length);
        }
    }

    /// The array that holds the frame.
    public byte[] array() {
        return bytes.array();
    }

    /// Where in [#array] it begins.
    public int from() {
        return from;
    }

    /// Its length, header included.
    public int length() {
        return bytes.length() - from;
    }
}
