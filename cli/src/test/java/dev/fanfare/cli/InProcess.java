package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A command that was run in this process: for tests that are about what it says, not about its process. One at a
/// time, since the standard streams are the process's.
///
/// @param exitCode what the process would have ended with
/// @param output the lines of standard output
/// @param complaints the lines of standard error, what it logs among them
record InProcess(int exitCode, List<String> output, List<String> complaints) {

    /// Runs it to its end, with nothing on standard input.
    static InProcess run(String... arguments) {
        return fed("", arguments);
    }

    /// Runs it to its end.
    ///
    /// @param input what it finds on standard input
    static synchronized InProcess fed(String input, String... arguments) {
        InputStream in = System.in;
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        System.setOut(heard(said, out));
        System.setErr(heard(complained, err));
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, System.err);
        try {
            return new InProcess(Main.commands().execute(arguments), lines(said), lines(complained));
        } finally {
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
            LogLines.begin(LogFormat.TEXT, LogLevel.WARN, err);
        }
    }

    /// What this thread prints; what a server in this process logs goes where it always does.
    private static PrintStream heard(OutputStream said, PrintStream otherwise) {
        Thread command = Thread.currentThread();
        OutputStream split = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                (Thread.currentThread() == command ? said : otherwise).write(one);
            }
        };
        return new PrintStream(split, true, StandardCharsets.UTF_8);
    }

    private static List<String> lines(ByteArrayOutputStream said) {
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /// The lines of a command that has to succeed without a word on standard error.
    static List<String> printed(String... arguments) {
        InProcess run = run(arguments);
        assertThat(run.complaints()).isEmpty();
        assertThat(run.exitCode()).isZero();
        return run.output();
    }

    /// The one line that a command which has to fail says on standard error.
    static String complaint(int exitCode, String... arguments) {
        InProcess run = run(arguments);
        assertThat(run.exitCode()).as("%s", run).isEqualTo(exitCode);
        assertThat(run.complaints()).hasSize(1);
        return run.complaints().getFirst();
    }
}
