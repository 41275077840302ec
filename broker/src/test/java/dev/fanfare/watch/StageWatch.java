package dev.fanfare.watch;

import dev.fanfare.delivery.Stage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Fails the test in which a message went from one stage to another that the table does not allow, on whatever thread.
/// Found by JUnit itself; what happens after a test fails the next one of the run, or its class.
public final class StageWatch implements AfterEachCallback, AfterAllCallback {

    private static final AtomicLong SEEN = new AtomicLong(Stage.violations());

    @Override
    public void afterEach(ExtensionContext context) {
        check();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        check();
    }

    /// Fails once for what was not seen yet.
    public static void check() {
        long now = Stage.violations();
        long before = SEEN.getAndSet(now);
        if (now != before) {
            throw new AssertionError(
                    (now - before) + " transitions of messages that the table of stages does not allow; see the log");
        }
    }
}
