package dev.fanfare.server.feed;

import dev.fanfare.protocol.JsonBytes;
import java.util.zip.Deflater;

/// Compresses an event in two steps, so that no compression happens inside a topic's section: RFC 7692, section
/// 7.2.1, without context taken over, so that all subscribers can share the bytes.
///
/// The head is compressed and flushed, which ends it on a byte boundary. The tail, which is not known before the
/// message has its place, follows as a stored block of DEFLATE (RFC 1951, section 3.2.4): five bytes and the text
/// as it is.
final class FrameDeflater {

    private static final int STORED_MAX = 0xFFFF;

    private final JsonBytes text = new JsonBytes();
    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final byte[] block = new byte[8192];

    /// Begins a part; its text is appended to what this answers.
    JsonBytes begin() {
        text.reset();
        return text;
    }

    /// Compresses the part.
    void compressTo(JsonBytes out) {
        deflater.reset();
        deflater.setInput(text.array(), 0, text.length());
        int length;
        do {
            length = deflater.deflate(block, 0, block.length, Deflater.SYNC_FLUSH);
            out.put(block, 0, length);
        } while (length == block.length);
    }

    /// Adds the part uncompressed and ends the message: the empty block that ends it is cut to its first byte,
    /// since the other four are left out on the wire.
    void storeTo(JsonBytes out) {
        int length = text.length();
        if (length > STORED_MAX) {
            throw new IllegalStateException("a tail of " + length + " bytes does not fit a stored block");
        }
        block[0] = 0;
        block[1] = (byte) length;
        block[2] = (byte) (length >>> 8);
        block[3] = (byte) ~length;
        block[4] = (byte) (~length >>> 8);
        out.put(block, 0, 5);
        out.put(text.array(), 0, length);
        block[0] = 0;
        out.put(block, 0, 1);
    }
}
