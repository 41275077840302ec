package dev.fanfare.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Puts numbers, texts and bytes one behind the other, for [ByteReader] to read in the same order. Grows as needed;
/// used by one thread.
///
/// Numbers are written seven bits to a byte, the lowest first, as many bytes as they need; a text or a row of
/// bytes has its length before it.
public final class ByteWriter {

    private byte[] bytes;
    private int length;

    /// @param room how many bytes there are to begin with
    public ByteWriter(int room) {
        bytes = new byte[Math.max(room, 16)];
    }

    /// How many bytes were written.
    public int length() {
        return length;
    }

    /// A copy of what was written.
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }

    /// Begins anew.
    public ByteWriter clear() {
        length = 0;
        return this;
    }

    private byte[] room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(length, more)));
        }
        return bytes;
    }

    /// One byte.
    public ByteWriter octet(int value) {
        room(1)[length++] = (byte) value;
        return this;
    }

    /// A number; below zero it takes ten bytes.
    public ByteWriter number(long value) {
        byte[] to = room(10);
        long left = value;
        while ((left & ~0x7FL) != 0) {
            to[length++] = (byte) (left & 0x7F | 0x80);
            left >>>= 7;
        }
        to[length++] = (byte) left;
        return this;
    }

    /// Eight bytes, the highest first.
    public ByteWriter fixed(long value) {
        byte[] to = room(Long.BYTES);
        for (int shift = 56; shift >= 0; shift -= 8) {
            to[length++] = (byte) (value >>> shift);
        }
        return this;
    }

    /// A row of bytes.
    public ByteWriter bytes(byte[] value) {
        number(value.length);
        System.arraycopy(value, 0, room(value.length), length, value.length);
        length += value.length;
        return this;
    }

    /// A text, as UTF-8.
    @SuppressWarnings("deprecation") // the one way to copy Latin-1 characters without an array in between
    public ByteWriter text(String value) {
        int characters = value.length();
        int before = length;
        number(characters);
        value.getBytes(0, characters, room(characters), length);
        for (int i = 0; i < characters; i++) {
            // A character beyond ASCII: as UTF-8 it is longer.
            if (value.charAt(i) >= 0x80) {
                length = before;
                return bytes(value.getBytes(StandardCharsets.UTF_8));
            }
        }
        length += characters;
        return this;
    }

    /// A text, or that there is none.
    public ByteWriter optional(@Nullable String value) {
        return value == null ? octet(0) : octet(1).text(value);
    }
}
