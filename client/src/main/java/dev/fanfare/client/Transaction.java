package dev.fanfare.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Messages that are published together: all of them or none, and no subscriber sees a part. Made by
/// [FanfareClient#transaction]; not for several threads at once. It is over with [#commit], and one that is never
/// committed has never been.
public final class Transaction {

    /// The most messages in one; together they also have to fit into one message of the server's `max-message-size`.
    public static final int MAX_PUBLISHES = 1_000;

    /// A message on its way to a topic.
    record Part(String topic, Outgoing message) {}

    private final FanfareClient client;
    private final List<Part> parts = new ArrayList<>();
    private boolean over;

    Transaction(FanfareClient client) {
        this.client = client;
    }

    /// Will publish a string.
    public Transaction publish(String topic, String text) {
        return publish(topic, Outgoing.text(text));
    }

    /// Will publish a message.
    ///
    /// @throws IllegalStateException beyond [#MAX_PUBLISHES], and after [#commit]
    public Transaction publish(String topic, Outgoing message) {
        check();
        if (parts.size() == MAX_PUBLISHES) {
            throw new IllegalStateException("a transaction publishes at most " + MAX_PUBLISHES + " messages");
        }
        parts.add(new Part(topic, message));
        return this;
    }

    /// Publishes all of it, in order with what else this client publishes. When the connection breaks before the
    /// answer, all is sent again with the same ids: it may then be in the logs twice, but never in part.
    ///
    /// @return completed with the places of the messages, in the order of [#publish]; or with a [ClientException]
    ///     and then nothing was published: the server's refusal, which says which message it is about
    /// @throws ClientException as [FanfareClient#publish(String, Outgoing)] does
    /// @throws IllegalStateException when there is nothing to publish, and the second time
    public CompletableFuture<List<Published>> commit() {
        check();
        if (parts.isEmpty()) {
            throw new IllegalStateException("there is nothing in this transaction");
        }
        over = true;
        return client.commit(List.copyOf(parts));
    }

    private void check() {
        if (over) {
            throw new IllegalStateException("the transaction was committed already: begin another");
        }
    }
}
