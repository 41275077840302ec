package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A command that was run in this process: for tests that are about what it says, not about its process. One at a
/// time, since the standard streams are the process's.
///
/// @param exitCode what the process would have ended with
/// @param output the lines of standard output
/// @param complaints the lines of standard error
record InProcess(int exitCode, List<String> output, List<String> complaints) {

    /// Runs it to its end.
    static synchronized InProcess run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setOut(heard(said, out));
        System.setErr(heard(complained, err));
        try {
            return new InProcess(Main.commands().execute(arguments), lines(said), lines(complained));
        } finally {
            System.setOut(out);
            System.setErr(err);
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
