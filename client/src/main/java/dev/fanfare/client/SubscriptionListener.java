package dev.fanfare.client;

/// Hears a subscription, one call at a time, in order. A call may block: it holds up this subscription only, and if
/// it is too slow for long the server applies its policy for slow consumers. What it throws is logged and disturbs
/// nothing.
@FunctionalInterface
public interface SubscriptionListener {

    /// A message.
    void onEvent(Event event);

    /// Something else to know.
    default void onNotice(Notice notice) {}
}
