package dev.fanfare;

import java.time.Duration;

/// What happens when as many messages wait for a subscription in process as its queue may hold and one more is
/// published. Whatever is lost is counted by the subscription and by the broker, and told as
/// [BrokerEvent.MessagesDropped].
public sealed interface Overflow {

    /// The oldest waiting message is lost.
    record DropOldest() implements Overflow {}

    /// The new message is lost for this subscription. Costs every publish of the topic one step per such
    /// subscription.
    record DropNewest() implements Overflow {}

    /// The publisher waits for room, parked; after `timeout` the publish is refused with `BACKPRESSURE`. A
    /// publish by a thread that would have to make the room itself (a loop, or the handler of the full
    /// subscription) is refused at once.
    ///
    /// @param timeout zero to one hour
    record Block(Duration timeout) implements Overflow {
        /// Checks the bounds.
        public Block {
            if (timeout.isNegative() || timeout.compareTo(Duration.ofHours(1)) > 0) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "block timeout must be 0 to 1 hour, not " + timeout);
            }
        }
    }

    /// The publish is refused with `BACKPRESSURE`; nobody gets the message.
    record Refuse() implements Overflow {}

    /// The subscription ends with [SubscriptionEnd#SLOW_CONSUMER]; the message goes to the others.
    record Disconnect() implements Overflow {}

    /// The subscription leaves what does not fit where it is stored, and reads it from there until it has
    /// caught up: nothing is lost that the topic's history keeps, and nobody waits. For subscriptions by name
    /// to durable topics, whose handlers are not called by publishers.
    record Spill() implements Overflow {}

    /// [DropOldest].
    static Overflow dropOldest() {
        return new DropOldest();
    }

    /// [DropNewest].
    static Overflow dropNewest() {
        return new DropNewest();
    }

    /// [Block] for at most ten seconds: the default.
    static Overflow block() {
        return block(Duration.ofSeconds(10));
    }

    /// [Block].
    static Overflow block(Duration timeout) {
        return new Block(timeout);
    }

    /// [Refuse].
    static Overflow refuse() {
        return new Refuse();
    }

    /// [Disconnect].
    static Overflow disconnect() {
        return new Disconnect();
    }

    /// [Spill].
    static Overflow spill() {
        return new Spill();
    }
}
