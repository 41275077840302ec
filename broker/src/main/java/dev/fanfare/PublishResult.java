package dev.fanfare;

import dev.fanfare.feed.Feed;
import org.jspecify.annotations.Nullable;

/// What became of a publish. A refusal is an expected outcome, not an exception.
public sealed interface PublishResult {

    /// The message has its place in the log.
    ///
    /// @param messageId the message's id, the given one or the one made for it
    /// @param epoch of the topic's log
    /// @param offset of the message
    /// @param timestampMillis of the message
    /// @param duplicate whether this was a repeat, which was not appended: the place is the first one's
    /// @param durability how safe it is
    record Accepted(
            String messageId, String epoch, long offset, long timestampMillis, boolean duplicate, Durability durability)
            implements PublishResult {

        /// A message that was appended to a topic in memory.
        public Accepted(String messageId, String epoch, long offset, long timestampMillis) {
            this(messageId, epoch, offset, timestampMillis, false);
        }

        /// A message of a topic in memory.
        public Accepted(String messageId, String epoch, long offset, long timestampMillis, boolean duplicate) {
            this(messageId, epoch, offset, timestampMillis, duplicate, Durability.MEMORY);
        }
    }

    /// What will have become of it if the commit succeeds; nobody sees the message before. Only who publishes
    /// without waiting gets this.
    ///
    /// @param outcome an [Accepted] or a [Scheduled]
    /// @param commit tells when that holds, or why it does not
    record Pending(PublishResult outcome, Commit commit) implements PublishResult {

        /// Waits for the commit. Not on an event loop.
        public PublishResult await() {
            Refused failure = commit.await();
            return failure == null ? outcome : failure;
        }
    }

    /// The message waits for its time: it gets its offset and timestamp then.
    ///
    /// @param messageId the message's id, the given one or the one made for it
    /// @param epoch of the topic's log
    /// @param dueMillis when, in milliseconds since 1970
    /// @param duplicate whether this was a repeat: it waits once
    record Scheduled(String messageId, String epoch, long dueMillis, boolean duplicate) implements PublishResult {}

    /// Nothing was appended.
    ///
    /// @param code why
    /// @param reason why, in words, naming the limit and who reached it
    /// @param full the feed that may have room later ([Feed#onRoom]); null when waiting does not help
    /// @param waitMillis how long the publisher may wait for room
    /// @param limit which the publish ran into; null: none
    record Refused(
            ErrorCode code,
            String reason,
            @Nullable Feed<?> full,
            long waitMillis,
            @Nullable BrokerLimit limit) implements PublishResult {

        /// A refusal that waiting does not change.
        public Refused(ErrorCode code, String reason) {
            this(code, reason, null, 0, null);
        }

        /// A refusal because of a limit, which waiting does not change.
        public Refused(BrokerLimit limit, String reason) {
            this(limit.code(), reason, null, 0, limit);
        }

        /// What was thrown, as a result.
        public static Refused of(FanfareException thrown) {
            return new Refused(thrown.code(), String.valueOf(thrown.getMessage()), null, 0, thrown.limit());
        }

        /// The same for good, in other words.
        public Refused because(String words) {
            return new Refused(code, words, null, 0, limit);
        }

        /// The same, to be thrown.
        public FanfareException exception() {
            return new FanfareException(code, reason, limit);
        }
    }

    /// The offset, −1 while the message waits for its time, or an exception that tells why there is none.
    ///
    /// @throws FanfareException when the publish was refused
    default long offset() {
        return switch (this) {
            case Accepted accepted -> accepted.offset;
            case Scheduled scheduled -> -1;
            case Pending pending -> pending.outcome.offset();
            case Refused refused -> throw refused.exception();
        };
    }
}
