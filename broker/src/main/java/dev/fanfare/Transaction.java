package dev.fanfare;

import dev.fanfare.delivery.Backlogs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Publishes and acknowledgements that happen together: all of them or none, and nobody sees a part. Made by
/// [Broker#transaction]. Not for several threads at once; it is over with [#commit], and one that is never committed
/// has never been.
public final class Transaction {

    /// The most messages in one.
    public static final int MAX_PUBLISHES = 1_000;

    /// The most acknowledgements in one.
    public static final int MAX_ACKS = 10_000;

    /// A message on its way to a topic.
    record Publish(String topic, Message message) {}

    /// What became of a transaction.
    ///
    /// @param published the place of each message, in the order of [Transaction#publish]; empty when it was refused
    /// @param refused why nothing was done; null when all was
    /// @param topic which of the topics refused; null when none did
    public record Result(
            List<PublishResult> published,
            PublishResult.@Nullable Refused refused,
            @Nullable String topic) {

        /// All was done.
        public static Result committed(List<PublishResult> published) {
            return new Result(List.copyOf(published), null, null);
        }

        /// Nothing was done.
        public static Result refused(PublishResult.Refused why, @Nullable String topic) {
            return new Result(List.of(), why, topic);
        }

        /// Whether all was done.
        public boolean committed() {
            return refused == null;
        }
    }

    private final Backlogs backlogs;
    private final List<Publish> publishes = new ArrayList<>();
    private final List<Delivery> acks = new ArrayList<>();
    private boolean over;

    Transaction(Backlogs backlogs) {
        this.backlogs = backlogs;
    }

    /// Will publish a text.
    public Transaction publish(String topic, String text) {
        return publish(topic, Message.text(text));
    }

    /// Will publish a message.
    ///
    /// @throws FanfareException `BAD_REQUEST` when it is delayed; `LIMIT_REACHED` beyond [#MAX_PUBLISHES]
    public Transaction publish(String topic, Message message) {
        check();
        if (message.isDelayed()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "a message in a transaction can't be delayed: it becomes visible with the rest");
        }
        if (publishes.size() == MAX_PUBLISHES) {
            throw new FanfareException(
                    BrokerLimit.TRANSACTION, "a transaction publishes at most " + MAX_PUBLISHES + " messages");
        }
        publishes.add(new Publish(topic, message));
        return this;
    }

    /// Will acknowledge what was received.
    ///
    /// @throws FanfareException `LIMIT_REACHED` beyond [#MAX_ACKS]
    public Transaction ack(Delivery delivery) {
        check();
        if (acks.size() == MAX_ACKS) {
            throw new FanfareException(
                    BrokerLimit.TRANSACTION, "a transaction acknowledges at most " + MAX_ACKS + " messages");
        }
        acks.add(delivery);
        return this;
    }

    /// Does all of it, or nothing. It is refused when a topic is missing or full (`BACKPRESSURE`, without waiting for
    /// room), when a route would redirect one of the messages, and when an acknowledgement no longer counts: then
    /// somebody else has the message, or has done it, and publishing its result would do it twice.
    public Result commit() {
        check();
        over = true;
        List<Message> messages = publishes.stream().map(Publish::message).toList();
        return backlogs.commit(publishes.stream().map(Publish::topic).toList(), messages, acks);
    }

    private void check() {
        if (over) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "the transaction was committed already: begin another");
        }
    }
}
