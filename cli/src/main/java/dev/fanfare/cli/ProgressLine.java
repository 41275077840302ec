package dev.fanfare.cli;

import java.util.List;

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
    private int percent = -1;

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
        int now = all == 0 ? 100 : (int) (done * 100 / all);
        if (shown && now != percent) {
            percent = now;
            int filled = now * WIDTH / 100;
            System.err.print("\r[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "] " + now + " % " + what + ", "
                    + done / unit + " of " + all / unit + " " + units);
            System.err.flush();
        }
        if (done >= all) {
            finish();
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
        if (percent >= 0) {
            percent = -1;
            System.err.println();
        }
    }
}
