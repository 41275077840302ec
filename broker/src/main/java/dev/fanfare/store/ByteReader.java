package dev.fanfare.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads what a [ByteWriter] has written, in the same order. Whatever the bytes are, it reads nothing beyond
/// them and makes nothing larger than they are. Used by one thread.
///
/// Each method throws [StoreException] `CORRUPT` when the bytes are not what it expects.
public final class ByteReader {

    private final byte[] bytes;
    private int at;

    /// Stands at the first byte.
    public ByteReader(byte[] bytes) {
        this.bytes = bytes;
    }

    /// Whether something is left.
    public boolean hasMore() {
        return at < bytes.length;
    }

    /// What was read is not what it should be.
    public StoreException corrupt(String what) {
        return new StoreException(
                StoreException.Reason.CORRUPT, what + " at byte " + at + " of " + bytes.length + " stored bytes");
    }

    /// One byte, 0 to 255.
    public int octet() {
        if (at >= bytes.length) {
            throw corrupt("something is missing");
        }
        return bytes[at++] & 0xFF;
    }

    /// A number.
    public long number() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            int next = octet();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw corrupt("a number does not end");
    }

    /// A number from 0 to `most`.
    public int number(int most) {
        long value = number();
        if (value < 0 || value > most) {
            throw corrupt("the number " + value + " is not 0 to " + most);
        }
        return (int) value;
    }

    /// Eight bytes, the highest first.
    public long fixed() {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | octet();
        }
        return value;
    }

    /// The length of a row that follows, all of which is there.
    private int length() {
        int length = number(bytes.length - at);
        if (length > bytes.length - at) {
            throw corrupt("a row of " + length + " bytes is not whole");
        }
        return length;
    }

    /// A row of bytes.
    public byte[] bytes() {
        int length = length();
        byte[] row = Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return row;
    }

    /// Passes over a row of bytes or a text.
    public void skip() {
        int length = length();
        at += length;
    }

    /// Passes over a text, or null.
    public void skipOptional() {
        switch (octet()) {
            case 0 -> {}
            case 1 -> skip();
            default -> throw corrupt("neither a text nor none");
        }
    }

    /// A text.
    public String text() {
        int length = length();
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    /// A text, or null.
    public @Nullable String optional() {
        return switch (octet()) {
            case 0 -> null;
            case 1 -> text();
            default -> throw corrupt("neither a text nor none");
        };
    }
}
