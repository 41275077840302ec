package dev.fanfare.cli;

import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What a command answers that is run in this JVM, where it is not about the process: it starts at once.
///
/// @param exitCode its exit code
/// @param output what it wrote to standard output, line by line
/// @param complaints what it wrote to standard error, the log among it
record Answer(int exitCode, List<String> output, List<String> complaints) {

    /// Runs it with nothing on standard input.
    static Answer of(String... words) {
        return withInput("", words);
    }

    /// Runs it with a text on standard input. One at a time: the streams are the JVM's.
    static synchronized Answer withInput(String input, String... words) {
        InputStream in = System.in;
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        try {
            System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
            System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
            LogLines.begin(LogFormat.TEXT, LogLevel.WARN, System.err);
            int exitCode = Main.commands().execute(words);
            return new Answer(exitCode, lines(output), lines(complaints));
        } finally {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
            LogLines.begin(LogFormat.TEXT, LogLevel.WARN, err);
        }
    }

    private static List<String> lines(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
