package dev.fanfare.server.feed;

import org.jspecify.annotations.Nullable;

/// Something of an event loop that other threads wake: [Loop#wake]. Whoever does sees to it that this happens once
/// until
/// it is drained.
public abstract class Woken {

    /// Links the loop's stack of those that were woken.
    @Nullable
    Woken nextWoken;

    /// Does what it was woken for; on the loop. From its begin on it may be woken again.
    protected abstract void drain();
}
