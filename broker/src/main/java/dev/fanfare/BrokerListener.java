package dev.fanfare;

/// Hears what happens in a broker.
@FunctionalInterface
public interface BrokerListener {

    /// Called with one event at a time, on a virtual thread of the listener's own and never under a lock. What it
    /// throws is logged.
    void onEvent(BrokerEvent event);

    /// Called with one event at a time, like [#onEvent(BrokerEvent)], which is what it does if nothing else is said.
    ///
    /// @param nanoTime when it happened, on the broker's clock: [dev.fanfare.time.Timers#nanoTime]
    default void onEvent(BrokerEvent event, long nanoTime) {
        onEvent(event);
    }

    /// Whether it also wants the events that come with every single message: [BrokerEvent.MessageEnqueued],
    /// [BrokerEvent.PublishRepeated], [BrokerEvent.Delivering] and [BrokerEvent.Delivered]. They cost every
    /// publisher and reader something as long as one listener wants them. Asked once.
    default boolean hearsEachMessage() {
        return true;
    }

    /// A listener's registration. Any thread.
    interface Registration extends AutoCloseable {

        /// How many events the listener missed because it took them too slowly: at most 8,192 wait for it.
        long lost();

        /// No event reaches the listener any more, except for one that it is being called with. Idempotent.
        @Override
        void close();
    }
}
