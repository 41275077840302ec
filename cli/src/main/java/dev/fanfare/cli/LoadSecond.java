package dev.fanfare.cli;

/// One second of a load.
///
/// @param number from 1
/// @param of how many
/// @param warmUp whether it counts for nothing
/// @param published acknowledged publishes per second
/// @param delivered deliveries per second
/// @param p50 of the latency in ms
/// @param p99 of the latency in ms
/// @param health how the server was
record LoadSecond(
        int number,
        int of,
        boolean warmUp,
        double published,
        double delivered,
        double p50,
        double p99,
        LoadHealth.Reading health) {}
