package dev.fanfare.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The lines of a stream, as UTF-8 whatever the locale; a line ends with `\n` or `\r\n`. One thread.
final class Lines {

    /// A line longer than this is not held in memory.
    static final int BYTES_MAX = 16 * 1024 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[64 * 1024];
    private int from;
    private int to;
    private long number;
    private boolean malformed;

    Lines(InputStream in) {
        this.in = in;
    }

    /// The number of the line read last, from 1.
    long number() {
        return number;
    }

    /// Whether the line read last was not UTF-8: what could not be read became U+FFFD.
    boolean malformed() {
        return malformed;
    }

    /// The next line, or null at the end.
    ///
    /// @throws IOException when reading fails, or a line is too long: the next call then begins after it
    @Nullable
    String next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        boolean tooLong = false;
        boolean any = false;
        while (from < to || fill()) {
            if (!any) {
                any = true;
                number++;
            }
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            tooLong |= line.size() + end - from > BYTES_MAX;
            if (!tooLong) {
                line.write(buffer, from, end - from);
            }
            boolean complete = end < to;
            from = complete ? end + 1 : end;
            if (complete) {
                break;
            }
        }
        if (tooLong) {
            throw new IOException("longer than " + BYTES_MAX + " bytes");
        }
        return any ? text(line) : null;
    }

    private String text(ByteArrayOutputStream line) {
        String text = line.toString(StandardCharsets.UTF_8);
        // What is UTF-8 has one spelling in bytes; comparing is only needed where a replacement may have been made.
        malformed = text.indexOf('\uFFFD') >= 0
                && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), line.toByteArray());
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private boolean fill() throws IOException {
        from = 0;
        to = Math.max(0, in.read(buffer));
        return to > 0;
    }
}
