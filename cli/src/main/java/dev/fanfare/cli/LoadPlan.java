package dev.fanfare.cli;

import java.util.List;
import java.util.Optional;

/// The load that `bench` puts on a server.
///
/// @param name of the scenario
/// @param topics so many, made for it
/// @param publishers connections that publish, spread over the topics
/// @param subscribers connections that subscribe, spread over the topics
/// @param rate messages per second of all publishers together; 0 for as many as the server takes
/// @param size of a message's payload in bytes
/// @param seconds that are measured
/// @param warmUp seconds before, which count for nothing
/// @param acked whether subscribers acknowledge each message
record LoadPlan(
        String name,
        int topics,
        int publishers,
        int subscribers,
        int rate,
        int size,
        int seconds,
        int warmUp,
        boolean acked) {

    /// What can be asked for by name, with "custom" beside it.
    static final List<LoadPlan> KNOWN = List.of(
            new LoadPlan("light", 5, 10, 20, 500, 200, 10, 3, false),
            new LoadPlan("medium", 10, 20, 50, 2_000, 200, 20, 5, false),
            new LoadPlan("heavy", 20, 50, 100, 10_000, 200, 30, 5, false),
            new LoadPlan("extreme", 50, 100, 200, 0, 200, 30, 5, false));

    static Optional<LoadPlan> named(String name) {
        // One that is told all is like a short light one in what it is not told.
        return name.equals("custom")
                ? Optional.of(new LoadPlan(name, 5, 10, 20, 500, 200, 10, 3, false))
                : KNOWN.stream().filter(each -> each.name.equals(name)).findFirst();
    }

    /// The topic that a publisher or subscriber uses.
    int topicOf(int client) {
        return client % topics;
    }

    /// How many subscribers a topic has.
    int subscribersOf(int topic) {
        return subscribers / topics + (topic < subscribers % topics ? 1 : 0);
    }

    /// In words.
    String text() {
        return "%s: %,d topics, %,d publishers, %,d subscribers%s, %,d bytes, %s, %d s after %d s of warm-up"
                .formatted(
                        name,
                        topics,
                        publishers,
                        subscribers,
                        acked ? " that acknowledge" : "",
                        size,
                        rate == 0 ? "as fast as it goes" : "%,d messages/s".formatted(rate),
                        seconds,
                        warmUp);
    }
}
