package dev.fanfare.client;

/// The server's answer to a publish: the message is in the topic's log.
///
/// @param messageId the message's id
/// @param position its place in the log
public record Published(String messageId, Position position) {}
