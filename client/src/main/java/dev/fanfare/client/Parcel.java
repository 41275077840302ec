package dev.fanfare.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What is sent in one request to publish, and who waits for the answer.
sealed interface Parcel {

    /// The request.
    ///
    String text(String requestId, Compression compression);

    /// The server has published it.
    void published(ServerFrame.Ack ack);

    /// The server has not, and it is not sent again.
    void failed(ClientException why);

    /// One message.
    record One(String topic, Outgoing message, CompletableFuture<Published> answer) implements Parcel {

        @Override
        public String text(String requestId, Compression compression) {
            return Frames.publish(requestId, topic, message, compression);
        }

        @Override
        public void published(ServerFrame.Ack ack) {
            answer.complete(new Published(ack.messageId() == null ? message.id() : ack.messageId(), ack.position()));
        }

        @Override
        public void failed(ClientException why) {
            answer.completeExceptionally(why);
        }
    }

    /// A transaction.
    record Several(List<Transaction.Part> parts, CompletableFuture<List<Published>> answer) implements Parcel {

        @Override
        public String text(String requestId, Compression compression) {
            return Frames.transaction(requestId, parts, compression, json -> {});
        }

        @Override
        public void published(ServerFrame.Ack ack) {
            if (ack.results().size() == parts.size()) {
                answer.complete(ack.results());
            } else {
                failed(new ClientException(
                        ClientException.CONNECTION,
                        "the server told " + ack.results().size() + " results of " + parts.size() + " messages"));
            }
        }

        @Override
        public void failed(ClientException why) {
            answer.completeExceptionally(why);
        }
    }
}
