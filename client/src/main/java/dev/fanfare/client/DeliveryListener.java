package dev.fanfare.client;

/// Handles the messages of a subscription that acknowledges them, one call at a time. A call may block, but no longer
/// than [Acknowledging#timeout] together with those before it in the window: else its message comes again.
@FunctionalInterface
public interface DeliveryListener {

    /// Handles a message. It is acknowledged when this returns, unless the delivery was told otherwise
    /// ([Delivery#nack(java.time.Duration)], [Delivery#reject]). The acknowledgement leaves at once, together with
    /// those of other messages that were handled meanwhile; it may be lost with the connection, and then the
    /// message comes again.
    ///
    /// @throws Exception what went wrong: the attempt has failed, unless the delivery was told so already, and its
    ///     text is the reason in the dead letter
    void onDelivery(Delivery delivery) throws Exception;

    /// Something else to know.
    default void onNotice(Notice notice) {}
}
