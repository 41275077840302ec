package dev.fanfare.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// A buffer that JSON is written into, used again and again. Belongs to one thread.
public final class JsonBytes {

    /// Length of what [#timestamp] writes, quotes included.
    static final int TIMESTAMP_LENGTH = 26;

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int CACHE_SLOTS = 64;
    private static final int CACHED_MAX = 512;

    private byte[] bytes = new byte[512];
    private int length;

    // Strings by identity: the same topic is the same object again and again.
    private final @Nullable String[] lastStrings = new String[CACHE_SLOTS];
    private final @Nullable String[] cachedStrings = new String[CACHE_SLOTS];
    private final byte[][] cachedQuoted = new byte[CACHE_SLOTS][];

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

    /// Appends a JSON string: quoted, escaped, UTF-8; a lone surrogate becomes a question mark. What comes again and
    /// again, as names do, is encoded once.
    public JsonBytes string(String text) {
        if (text.length() > CACHED_MAX) {
            quote(text.getBytes(StandardCharsets.UTF_8));
            return this;
        }
        int slot = text.hashCode() & CACHE_SLOTS - 1;
        if (cachedStrings[slot] == text) {
            return put(cachedQuoted[slot]);
        }
        int start = length;
        quote(text.getBytes(StandardCharsets.UTF_8));
        if (lastStrings[slot] == text) {
            // Seen twice: worth keeping. A string that never comes again costs no copy.
            cachedStrings[slot] = text;
            cachedQuoted[slot] = Arrays.copyOfRange(bytes, start, length);
        }
        lastStrings[slot] = text;
        return this;
    }

    private void quote(byte[] utf8) {
        reserve(utf8.length + 2);
        byte[] to = bytes;
        int at = length;
        to[at++] = '"';
        int plain = plain(utf8);
        System.arraycopy(utf8, 0, to, at, plain);
        length = at + plain;
        if (plain < utf8.length) {
            escape(utf8, plain);
        }
        bytes[length++] = '"';
    }

    /// How many bytes at the beginning stand for themselves.
    private static int plain(byte[] utf8) {
        int i = 0;
        while (i + 8 <= utf8.length && JsonScanner.plain((long) LONGS.get(utf8, i))) {
            i += 8;
        }
        while (i < utf8.length && !isEscaped(utf8[i])) {
            i++;
        }
        return i;
    }

    private static boolean isEscaped(byte b) {
        return b >= 0 && b < ' ' || b == '"' || b == '\\';
    }

    private void escape(byte[] utf8, int from) {
        // Six bytes for a control character is the worst case.
        reserve((utf8.length - from) * 6 + 1);
        for (int i = from; i < utf8.length; i++) {
            byte b = utf8[i];
            if (isEscaped(b)) {
                escape(b);
            } else {
                bytes[length++] = b;
            }
        }
    }

    private void escape(byte b) {
        int letter = switch (b) {
            case '"' -> '"';
            case '\\' -> '\\';
            case '\b' -> 'b';
            case '\f' -> 'f';
            case '\n' -> 'n';
            case '\r' -> 'r';
            case '\t' -> 't';
            default -> 0;
        };
        bytes[length++] = '\\';
        if (letter != 0) {
            bytes[length++] = (byte) letter;
        } else {
            bytes[length++] = 'u';
            bytes[length++] = '0';
            bytes[length++] = '0';
            bytes[length++] = HEX[b >> 4];
            bytes[length++] = HEX[b & 0xF];
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
