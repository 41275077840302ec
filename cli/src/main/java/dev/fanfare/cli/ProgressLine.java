package dev.fanfare.cli;

import java.io.Console;
import java.util.Optional;

/// How far something is that takes long: a line on a terminal that is written over, nothing where nobody looks.
final class ProgressLine implements AutoCloseable {

    private static final int WIDTH = 30;
    private static final long MIB = 1 << 20;

    private final String what;
    private final boolean shown =
            Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    private int percent = -1;

    /// @param what was done, as in "verified"
    ProgressLine(String what) {
        this.what = what;
    }

    /// So many bytes of all are done.
    void at(long done, long all) {
        int now = all == 0 ? 100 : (int) (done * 100 / all);
        if (shown && now != percent) {
            percent = now;
            int filled = now * WIDTH / 100;
            System.err.print("\r[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "] " + now + " % " + what + ", "
                    + done / MIB + " of " + all / MIB + " MiB");
            System.err.flush();
        }
        if (done >= all) {
            finish();
        }
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
