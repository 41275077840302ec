package dev.fanfare;

import java.time.Instant;
import java.util.Locale;

/// A message that a subscription or group has given up, as its dead-letter topic keeps it.
///
/// @param offset its place in the dead-letter topic
/// @param message as it was delivered: topic, epoch, offset and timestamp are those of its own topic
/// @param subscription the name of the subscription or group
/// @param reason why it was given up
/// @param at when
/// @param attempts how many there were
/// @param firstError what went wrong first, at most 1,000 characters
/// @param lastError what went wrong last, at most 1,000 characters
public record DeadLetter(
        long offset,
        Message message,
        String subscription,
        Reason reason,
        Instant at,
        int attempts,
        String firstError,
        String lastError) {

    /// Why a message is given up.
    public enum Reason {
        /// The retry policy allowed no further attempt.
        ATTEMPTS,
        /// Its receiver rejected it.
        REJECTED,
        /// Its time to live was over before it was done.
        EXPIRED,
        /// The backlog was full and it was the oldest one: [BacklogOverflow#DEAD_LETTER].
        OVERFLOW;

        /// The reason in headers, events and on the wire: lower case.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
