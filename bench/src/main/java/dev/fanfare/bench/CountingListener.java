package dev.fanfare.bench;

import com.google.common.eventbus.Subscribe;
import net.engio.mbassy.listener.Handler;

/// A subscriber as the buses want it that find their handlers by annotation. Public, because they call it by
/// reflection.
public final class CountingListener {

    private final FanOut.Counter counter;

    CountingListener(FanOut.Counter counter) {
        this.counter = counter;
    }

    /// Called by the publisher's thread.
    @Subscribe
    @Handler
    public void on(String received) {
        counter.increment();
    }
}
