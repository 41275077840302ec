package dev.fanfare.server.figures;

import dev.fanfare.feed.Latency;

/// What happened in one interval.
///
/// @param number counts the samples from 1, without gaps
/// @param endMillis when it ended, in milliseconds since 1970
/// @param seconds how long it was
/// @param published messages
/// @param delivered once per subscription
/// @param dropped once per subscription
/// @param topics there were at its end; 1 when it is of one topic
/// @param subscribers there were at its end
/// @param queueDepth the largest lag at its end; 0 when it is of all topics
/// @param latency of what was delivered in it
public record Sample(
        long number,
        long endMillis,
        double seconds,
        long published,
        long delivered,
        long dropped,
        int topics,
        int subscribers,
        long queueDepth,
        Latency latency) {}
