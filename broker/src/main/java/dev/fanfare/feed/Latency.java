package dev.fanfare.feed;

/// How long messages took, from being appended to their topic until a subscription's handler returned from them
/// (or, for a transport, as it says). Sampled: the first message after a pause and every 64th, once for each
/// subscription that begins a run of handler calls with it. All times in nanoseconds.
///
/// @param samples how many were measured
/// @param average their mean
/// @param p50 half took at most this long
/// @param p95 95 % took at most this long
/// @param p99 99 % took at most this long
/// @param max the longest took at most this long
public record Latency(long samples, long average, long p50, long p95, long p99, long max) {

    /// Nothing was measured.
    public static final Latency NONE = new Latency(0, 0, 0, 0, 0, 0);
}
