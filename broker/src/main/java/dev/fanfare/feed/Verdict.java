package dev.fanfare.feed;

import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Topic;

/// What one filter says of one message, for all feeds that ask: whichever comes first has it run, the others take
/// the answer, or wait for it. Any thread.
final class Verdict {

    /// For a filter that only one feed asks: nothing has to be remembered.
    static final Verdict UNSHARED = new Verdict();

    private static final byte UNKNOWN = 0;
    private static final byte MATCHES = 1;
    private static final byte DOES_NOT = 2;

    private volatile byte known = UNKNOWN;

    /// Whether the filter lets the message through.
    boolean of(Filter filter, Topic topic, Message message) {
        if (this == UNSHARED) {
            return FilteredKind.matches(filter, topic, message);
        }
        return (known == UNKNOWN ? ask(filter, topic, message) : known) == MATCHES;
    }

    /// Nobody waits for this lock but who needs the answer.
    private synchronized byte ask(Filter filter, Topic topic, Message message) {
        if (known == UNKNOWN) {
            known = FilteredKind.matches(filter, topic, message) ? MATCHES : DOES_NOT;
        }
        return known;
    }
}
