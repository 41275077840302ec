package dev.fanfare.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One attempt to have a message handled. Its listener may say that it failed; else it is acknowledged when the
/// listener returns. Any thread, until the listener has returned.
///
/// The methods that end the attempt answer whether that counted: it does not when it was ended before.
public final class Delivery {

    /// What became of an attempt.
    sealed interface Outcome {
        /// The message is done.
        ///
        /// @param published together with that, or nothing is done
        record Done(List<Transaction.Part> published) implements Outcome {}

        /// There is another attempt, as long as the retry policy allows one.
        ///
        /// @param delay until the next attempt; null: as the subscription's retry policy says
        /// @param reason null when none is known
        record Failed(@Nullable Duration delay, @Nullable String reason) implements Outcome {}

        /// It will never be done.
        record Rejected(String reason) implements Outcome {}
    }

    private final Event event;
    private final int attempt;
    private final long readNanos;
    // Guarded by this.
    private final List<Transaction.Part> published = new ArrayList<>(0);
    private @Nullable Outcome outcome;

    /// @param readNanos when it was read from the socket, as [System#nanoTime]
    Delivery(Event event, int attempt, long readNanos) {
        this.event = event;
        this.attempt = attempt;
        this.readNanos = readNanos;
    }

    /// The message.
    public Event event() {
        return event;
    }

    /// Which attempt this is: 1 for the first time, more when the message may have been handled before.
    public int attempt() {
        return attempt;
    }

    /// Has a message published when this one is acknowledged, in one transaction: both happen or neither,
    /// whatever breaks meanwhile, so what is published for a message is there exactly once. What the server
    /// refuses for now is tried again as [ClientOptions#retry] says, while there is time to acknowledge. When it
    /// refuses it for good, the attempt has failed, and its refusal is the reason; when it is too large for the
    /// server, all together, the message is rejected, since another attempt would be no smaller; and so it is when
    /// ten connections in a row broke before the server answered.
    ///
    /// @throws IllegalStateException beyond [Transaction#MAX_PUBLISHES], and when the attempt was ended before
    /// @throws IllegalArgumentException when the payload is not JSON, or there is half a pair of surrogates in it
    public synchronized void publish(String topic, Outgoing message) {
        if (outcome != null) {
            throw new IllegalStateException("the attempt was ended already: nothing is published with it");
        }
        if (published.size() == Transaction.MAX_PUBLISHES) {
            throw new IllegalStateException(
                    "at most " + Transaction.MAX_PUBLISHES + " messages are published with one acknowledgement");
        }
        Frames.check(topic, message);
        published.add(new Transaction.Part(topic, message));
    }

    /// Has a string published when this message is acknowledged. See [#publish(String, Outgoing)].
    public void publish(String topic, String text) {
        publish(topic, Outgoing.text(text));
    }

    /// The attempt failed: the subscription's retry policy says whether and when there is another.
    public boolean nack() {
        return end(new Outcome.Failed(null, null));
    }

    /// The attempt failed; if there is another, it comes after this delay.
    ///
    /// @param delay 0 to seven days
    public boolean nack(Duration delay) {
        return end(new Outcome.Failed(checked(delay), null));
    }

    /// The attempt failed because of this, as the dead letter will tell.
    public boolean nack(Throwable cause) {
        return end(new Outcome.Failed(null, cause.toString()));
    }

    /// The attempt failed because of this; if there is another, it comes after this delay.
    ///
    /// @param delay 0 to seven days
    public boolean nack(Duration delay, Throwable cause) {
        return end(new Outcome.Failed(checked(delay), cause.toString()));
    }

    /// The message will never be done: it becomes a dead letter without further attempts.
    ///
    /// @param reason what the dead letter tells
    public boolean reject(String reason) {
        return end(new Outcome.Rejected(reason));
    }

    /// For how long it has been here, the time it waited for its listener included.
    Duration age() {
        return Duration.ofNanos(System.nanoTime() - readNanos);
    }

    /// Its listener has returned.
    synchronized void done() {
        end(new Outcome.Done(List.copyOf(published)));
    }

    /// What became of it; null when that was not said yet.
    synchronized @Nullable Outcome outcome() {
        return outcome;
    }

    private synchronized boolean end(Outcome said) {
        if (outcome != null) {
            return false;
        }
        outcome = said;
        return true;
    }

    private static Duration checked(Duration delay) {
        Acknowledging.within(delay, "delay", Duration.ZERO);
        return delay;
    }

    @Override
    public String toString() {
        return "Delivery[event=" + event + ", attempt=" + attempt + "]";
    }
}
