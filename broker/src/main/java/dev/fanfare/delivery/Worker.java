package dev.fanfare.delivery;

import dev.fanfare.SubscriptionEnd;

/// Whoever a member works for: a handler's thread, a receiver, a connection. Called by any thread, under no lock;
/// neither blocks nor runs user code.
public interface Worker {

    /// There may be something to take, or room to take it. Comes once until the member has taken less than it asked
    /// for.
    ///
    /// @return whether it comes and takes, or says [Member#decline] soon; if not, it has its hands full and takes
    ///     again when it has not, and others are told instead
    boolean available();

    /// Nothing comes any more.
    void ended(SubscriptionEnd why);

    /// Whether the calling thread is one of its own.
    default boolean runsHere() {
        return false;
    }

    /// Whether it goes on by itself until nothing is left, so that a broker that closes waits for it.
    default boolean finishes() {
        return false;
    }
}
