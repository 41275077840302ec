package dev.fanfare;

/// A place in a topic's log.
///
/// @param epoch the identity of the log's lifetime, at most 8 characters
/// @param offset the message's place, counted from 0; −1 is before the first
public record Position(String epoch, long offset) {}
