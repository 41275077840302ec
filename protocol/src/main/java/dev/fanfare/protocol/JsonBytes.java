package dev.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Base64;

/// A buffer that JSON is written into, used again and again. Belongs to one thread.
public final class JsonBytes {

    /// Length of what [#timestamp] writes, quotes included.
    static final int TIMESTAMP_LENGTH = 26;

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = new byte[512];
    private int length;

    /// The last timestamp written: within one millisecond there are many.
    private long stampMillis = Long.MIN_VALUE;

    private final byte[] stamp = new byte[TIMESTAMP_LENGTH];

    /// An empty buffer.
    public JsonBytes() {}

    /// Forgets what was written.
    public void reset() {
        length = 0;
    }

    /// The array that holds it; replaced when it grows.
    public byte[] array() {
        return bytes;
    }

    /// How many bytes were written.
    public int length() {
        return length;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
        }
    }

    /// Appends bytes as they are.
    public void put(byte[] from, int at, int count) {
        reserve(count);
        System.arraycopy(from, at, bytes, length, count);
        length += count;
    }

    /// Makes room for so many bytes, which count as written, and answers where in [#array] they begin.
    public int claim(int count) {
        reserve(count);
        int at = length;
        length += count;
        return at;
    }

    /// Appends bytes as they are.
    public JsonBytes put(byte[] from) {
        put(from, 0, from.length);
        return this;
    }

    /// Appends a text as it is; it must be ASCII.
    @SuppressWarnings("deprecation") // the one method that copies Latin-1 strings without an array in between
    public JsonBytes raw(String ascii) {
        int count = ascii.length();
        reserve(count);
        ascii.getBytes(0, count, bytes, length);
        length += count;
        return this;
    }

    /// Appends a JSON string: quoted, escaped, UTF-8; a lone surrogate becomes U+FFFD.
    @SuppressWarnings("deprecation") // see raw()
    public JsonBytes string(String text) {
        int count = text.length();
        reserve(count + 2);
        bytes[length++] = '"';
        int start = length;
        // Copied as if it were plain ASCII, then looked at: nearly every name and id is.
        text.getBytes(0, count, bytes, start);
        for (int i = 0; i < count; i++) {
            byte b = bytes[start + i];
            if (b < ' ' || b == '"' || b == '\\' || text.charAt(i) > 0x7E) {
                length = start;
                escaped(text);
                bytes[length++] = '"';
                return this;
            }
        }
        length = start + count;
        bytes[length++] = '"';
        return this;
    }

    private void escaped(String text) {
        // Six bytes for a control character is the worst case of a char.
        reserve(text.length() * 6 + 1);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                escapedAscii(c);
            } else if (c < 0x800) {
                bytes[length++] = (byte) (0xC0 | c >> 6);
                bytes[length++] = (byte) (0x80 | c & 0x3F);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                bytes[length++] = (byte) (0xF0 | point >> 18);
                bytes[length++] = (byte) (0x80 | point >> 12 & 0x3F);
                bytes[length++] = (byte) (0x80 | point >> 6 & 0x3F);
                bytes[length++] = (byte) (0x80 | point & 0x3F);
            } else {
                int point = Character.isSurrogate(c) ? 0xFFFD : c;
                bytes[length++] = (byte) (0xE0 | point >> 12);
                bytes[length++] = (byte) (0x80 | point >> 6 & 0x3F);
                bytes[length++] = (byte) (0x80 | point & 0x3F);
            }
        }
    }

    private void escapedAscii(char c) {
        int letter = switch (c) {
            case '"' -> '"';
            case '\\' -> '\\';
            case '\b' -> 'b';
            case '\f' -> 'f';
            case '\n' -> 'n';
            case '\r' -> 'r';
            case '\t' -> 't';
            default -> 0;
        };
        if (letter != 0) {
            bytes[length++] = '\\';
            bytes[length++] = (byte) letter;
        } else if (c >= ' ' && c != 0x7F) {
            bytes[length++] = (byte) c;
        } else {
            bytes[length++] = '\\';
            bytes[length++] = 'u';
            bytes[length++] = '0';
            bytes[length++] = '0';
            bytes[length++] = HEX[c >> 4];
            bytes[length++] = HEX[c & 0xF];
        }
    }

    /// Appends a number.
    public JsonBytes number(long value) {
        if (value < 0) {
            return raw(Long.toString(value));
        }
        reserve(20);
        int digits = 1;
        for (long limit = 10; digits < 19 && value >= limit; limit *= 10) {
            digits++;
        }
        long rest = value;
        for (int i = length + digits - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    /// Appends a time as a JSON string, RFC 3339 in UTC with milliseconds and a `Z`; years 0 to 9999.
    public JsonBytes timestamp(long epochMillis) {
        if (epochMillis != stampMillis) {
            stampMillis = epochMillis;
            format(epochMillis);
        }
        put(stamp, 0, TIMESTAMP_LENGTH);
        return this;
    }

    private void format(long epochMillis) {
        ZonedDateTime time = Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC);
        stamp[0] = '"';
        digits(1, 4, time.getYear());
        stamp[5] = '-';
        digits(6, 2, time.getMonthValue());
        stamp[8] = '-';
        digits(9, 2, time.getDayOfMonth());
        stamp[11] = 'T';
        digits(12, 2, time.getHour());
        stamp[14] = ':';
        digits(15, 2, time.getMinute());
        stamp[17] = ':';
        digits(18, 2, time.getSecond());
        stamp[20] = '.';
        digits(21, 3, time.getNano() / 1_000_000);
        stamp[24] = 'Z';
        stamp[25] = '"';
    }

    private void digits(int at, int count, int value) {
        int rest = value;
        for (int i = at + count - 1; i >= at; i--) {
            stamp[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    /// Appends bytes as a JSON string in base64.
    public JsonBytes base64(byte[] data) {
        return raw("\"").put(Base64.getEncoder().encode(data)).raw("\"");
    }

    /// What was written, as text.
    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
