package dev.fanfare;

/// What a route did since it was added.
///
/// @param route the rule
/// @param routed messages published to a target, once per target
/// @param failed messages that a target refused, once per target, those included of which the publisher was told
/// @param filterFailures messages on which its filter failed: it did not take them
/// @param waiting messages that wait to be copied
public record RouteStats(Route route, long routed, long failed, long filterFailures, long waiting) {}
