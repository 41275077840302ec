package dev.fanfare.local;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Whether a subscription's replay stands still, and what for. Whoever ends the pause has the replay go on; of
/// several, one does.
final class Pause {

    /// What it waits for.
    enum For {
        /// Room in its intake.
        ROOM,
        /// What a reader reads.
        READ
    }

    private final AtomicReference<@Nullable For> on = new AtomicReference<>();

    /// It stands still from now on. By whoever replays, who then looks once more whether it has to: what it
    /// waits for may have come before this was seen.
    void begin(For what) {
        on.set(what);
    }

    /// Ends the pause: true for one caller only.
    boolean end(For what) {
        return on.compareAndSet(what, null);
    }

    boolean isOn() {
        return on.get() != null;
    }
}
