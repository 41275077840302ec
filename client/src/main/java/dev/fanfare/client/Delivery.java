package dev.fanfare.client;

/// One attempt to have a message handled. Immutable.
///
/// @param event the message
/// @param attempt 1 for the first time; more when the message may have been handled before
public record Delivery(Event event, int attempt) {}
