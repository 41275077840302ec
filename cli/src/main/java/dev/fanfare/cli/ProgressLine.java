package dev.fanfare.cli;

import java.util.List;
import java.util.function.Supplier;

/// How far something is that takes long: a line on a terminal that is written over, nothing where nobody looks.
///
/// Which streams are terminals the launcher says, in `fanfare.terminals`: the JVM can't tell of standard error, nor of
/// standard output when standard input comes from elsewhere.
final class ProgressLine implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long MIB = 1 << 20;

    private final String what;
    private final long unit;
    private final String units;
    private final boolean shown;

    /// What is on the line, in hundredths or, of an unknown amount, in units; -1: nothing.
    private long step = -1;

    private ProgressLine(String what, long unit, String units, boolean shown) {
        this.what = what;
        this.unit = unit;
        this.units = units;
        this.shown = shown;
    }

    /// Of bytes.
    ///
    /// @param what was done, as in "verified"
    static ProgressLine ofBytes(String what) {
        return new ProgressLine(what, MIB, "MiB", isTerminal("stderr"));
    }

    /// Of messages that are printed: where these are seen, they show by themselves how far it is.
    static ProgressLine ofMessages(String what) {
        return new ProgressLine(what, 1, "messages", isTerminal("stderr") && !isTerminal("stdout"));
    }

    private static boolean isTerminal(String stream) {
        return List.of(System.getProperty("fanfare.terminals", "").split(",", -1))
                .contains(stream);
    }

    /// So much of all is done.
    void at(long done, long all) {
        int percent = all == 0 ? 100 : (int) (done * 100 / all);
        int filled = percent * WIDTH / 100;
        show(
                percent,
                () -> "[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "] " + percent + " % " + what + ", "
                        + done / unit + " of " + all / unit + " " + units);
        if (done >= all) {
            finish();
        }
    }

    /// So much is done, and nobody knows of how much.
    void at(long done) {
        show(done / unit, () -> what + ", " + done / unit + " " + units);
    }

    private void show(long now, Supplier<String> line) {
        if (shown && now != step) {
            step = now;
            System.err.print("\r" + line.get());
            System.err.flush();
        }
    }

    /// Prints a line of output, not into that of the progress.
    void print(String line) {
        if (isTerminal("stdout")) {
            finish();
        }
        System.out.println(line);
    }

    @Override
    public void close() {
        finish();
    }

    /// Goes to the next line. Idempotent.
    void finish() {
        if (step >= 0) {
            step = -1;
            System.err.println();
        }
    }
}
