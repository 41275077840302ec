package dev.fanfare.cli;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import dev.fanfare.server.LogSubject;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UnsupportedEncodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.slf4j.MDC;

/// Writes the log of this process, in the JDK's own logging: a line for people or an object in JSON per record, with
/// the connection and the request that it concerns.
final class LogLines extends Formatter {

    private final LogFormat format;

    private LogLines(LogFormat format) {
        this.format = format;
    }

    /// From now on the log is written like this, and nowhere else.
    ///
    /// @param least nothing less grave is written
    static void begin(LogFormat format, LogLevel least, OutputStream out) {
        StreamHandler handler = new StreamHandler(out, new LogLines(format)) {
            @Override
            public synchronized void publish(LogRecord line) {
                super.publish(line);
                flush();
            }

            // The stream is not this handler's to close: others write to it.
            @Override
            public synchronized void close() {
                flush();
            }
        };
        handler.setLevel(Level.ALL);
        try {
            handler.setEncoding(StandardCharsets.UTF_8.name());
        } catch (UnsupportedEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
        Logger root = Logger.getLogger("");
        for (Handler other : root.getHandlers()) {
            root.removeHandler(other);
        }
        root.addHandler(handler);
        root.setLevel(level(least));
    }

    private static Level level(LogLevel level) {
        return switch (level) {
            case TRACE -> Level.FINEST;
            case DEBUG -> Level.FINE;
            case INFO -> Level.INFO;
            case WARN -> Level.WARNING;
            case ERROR -> Level.SEVERE;
        };
    }

    private static String word(Level level) {
        int value = level.intValue();
        return value >= Level.SEVERE.intValue()
                ? "ERROR"
                : value >= Level.WARNING.intValue()
                        ? "WARN"
                        : value >= Level.INFO.intValue() ? "INFO" : value >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
    }

    @Override
    public String format(LogRecord line) {
        return switch (format) {
            case TEXT -> text(line);
            case JSON -> json(line);
        };
    }

    private String text(LogRecord line) {
        String name = String.valueOf(line.getLoggerName());
        String request = MDC.get(LogSubject.REQUEST);
        return Local.TIME.format(line.getInstant()) + " " + word(line.getLevel()) + " "
                + name.substring(name.lastIndexOf('.') + 1) + " - " + formatMessage(line)
                + (request == null ? "" : " (request " + request + ")") + "\n" + trace(line);
    }

    private String json(LogRecord line) {
        JsonBytes out = new JsonBytes();
        Instant at = line.getInstant();
        out.raw("{\"ts\":").string(DateTimeFormatter.ISO_INSTANT.format(at));
        out.raw(",\"level\":").string(word(line.getLevel()));
        out.raw(",\"logger\":").string(String.valueOf(line.getLoggerName()));
        out.raw(",\"message\":").string(formatMessage(line));
        Map<String, String> context = MDC.getCopyOfContextMap();
        if (context != null) {
            new TreeMap<>(context)
                    .forEach((key, value) -> out.raw(",").string(key).raw(":").string(value));
        }
        if (line.getThrown() != null) {
            out.raw(",\"error\":").string(trace(line));
        }
        out.raw("}\n");
        return new String(out.array(), 0, out.length(), StandardCharsets.UTF_8);
    }

    private static String trace(LogRecord line) {
        if (line.getThrown() == null) {
            return "";
        }
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text);
        line.getThrown().printStackTrace(writer);
        writer.flush();
        return text.toString();
    }

    /// Read with the first line: the rules of time zones are not for a start to wait for.
    private static final class Local {

        private static final DateTimeFormatter TIME =
                DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").withZone(ZoneId.systemDefault());
    }
}
