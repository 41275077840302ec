package dev.fanfare;

/// What one topic is made with.
///
/// @param history messages kept
public record TopicConfig(int history) {}
