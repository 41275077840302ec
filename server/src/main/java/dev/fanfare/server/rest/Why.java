package dev.fanfare.server.rest;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.BrokerStats.SubscriptionStats;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.server.WireSubscriber;

/// Why messages wait for a subscription.
///
/// @param state in one word, for programs
/// @param text in a sentence, for people
record Why(String state, String text) {

    private static final Why KEEPS_UP = new Why("keeps_up", "Nothing waits.");

    static Why of(WireSubscriber live) {
        if (live.replaying()) {
            return new Why("replaying", "It still reads the history; what is new comes after that.");
        }
        if (live.blocked() && (live.lag() > 0 || live.untakenMillis() > 0)) {
            String since = live.untakenMillis() < 1_000
                    ? ""
                    : " None was taken for " + live.untakenMillis() / 1_000 + " s: its program is stuck, or gone.";
            return new Why(
                    "connection_full",
                    "Its connection takes no more bytes: the client or its network is slower than the topic ("
                            + live.untakenBytes() + " bytes are on their way)." + since);
        }
        if (live.lag() > 0) {
            return new Why("batching", "What waits is to go out with the rest of its batch.");
        }
        return KEEPS_UP;
    }

    static Why of(SubscriptionStats local) {
        if (local.lag() == 0) {
            return KEEPS_UP;
        }
        return new Why("handler_busy", "Its handler takes longer than messages take to come, or waits for a batch.");
    }

    static Why of(AcknowledgedSubscription.Figures acknowledged) {
        if (acknowledged.lag() == 0) {
            return KEEPS_UP;
        }
        if (acknowledged.circuit() == CircuitBreaker.State.OPEN) {
            return new Why(
                    "circuit_open", "Its circuit breaker is open: it failed or was slow too often, and is left alone.");
        }
        if (acknowledged.members() == 0) {
            return new Why("nobody_attached", "Nobody is attached: messages are kept until somebody is.");
        }
        if (acknowledged.waiting() > 0 && acknowledged.inFlight() == 0) {
            return new Why(
                    "retrying", acknowledged.waiting() + " messages have failed and wait for their next attempt.");
        }
        if (acknowledged.inFlight() > 0) {
            return new Why(
                    "unacknowledged",
                    acknowledged.inFlight() + " messages are with its members, which have not acknowledged them yet.");
        }
        return new Why("ready", "Its members have not asked for what waits.");
    }
}
