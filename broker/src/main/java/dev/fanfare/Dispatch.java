package dev.fanfare;

/// Which thread calls a subscription's handler. Whatever it is, the calls of one subscription never overlap and
/// come in the order of the feed.
public sealed interface Dispatch {

    /// A virtual thread of the subscription's own: safe with any handler, blocking ones included.
    record VirtualThread() implements Dispatch {}

    /// One of the broker's few loop threads, shared with other subscriptions: the fastest way to many subscribers.
    /// The handler must never block; while it runs, the others of its loop wait.
    record Loop() implements Dispatch {}

    /// The thread that publishes, after the message has been appended and before `publish` returns: the shortest
    /// way to few subscribers. When several threads publish at once, one of them delivers for all and the others
    /// return early; what a handler publishes is delivered after it returns. Replay runs on the thread that
    /// subscribes. When batched delivery is on, what its linger releases is delivered by a loop thread, and so is
    /// the end of a subscription whose topic is deleted. What clients of a server publish is delivered by a virtual
    /// thread: the server's own never run handlers.
    record Caller() implements Dispatch {}

    /// [VirtualThread], the default.
    static Dispatch virtualThread() {
        return new VirtualThread();
    }

    /// [Loop].
    static Dispatch loop() {
        return new Loop();
    }

    /// [Caller].
    static Dispatch caller() {
        return new Caller();
    }
}
