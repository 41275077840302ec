package dev.fanfare.server;

/// A live subscription of a connection, as it is at one moment.
///
/// @param clientId as it subscribed; empty in the flat dialect
/// @param topic the name or pattern, as it was subscribed
/// @param peer the address of its connection
/// @param identity who its connection belongs to
/// @param lag messages that wait behind what the connection was given
/// @param queue how many may wait while the connection takes no bytes
/// @param overflow what happens above that
/// @param dropped messages lost so far
/// @param replaying whether it still reads the history
/// @param blocked whether the connection takes no bytes right now
/// @param untakenBytes what the connection was given and its peer has not taken
/// @param untakenMillis for how long none of these was taken, as far as it was looked at
public record WireSubscriber(
        String clientId,
        String topic,
        String peer,
        String identity,
        long lag,
        int queue,
        String overflow,
        long dropped,
        boolean replaying,
        boolean blocked,
        long untakenBytes,
        long untakenMillis) {}
