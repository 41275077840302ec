package dev.fanfare.request;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Who asks: requests whose replies come as futures, and the replies to requests. Any thread.
public final class Asking {

    private final TopicRegistry registry;

    /// Nothing is asked yet.
    public Asking(TopicRegistry registry) {
        this.registry = registry;
    }

    /// The first reply, or a [FanfareException]; one that says that it could not be answered is a failure.
    public CompletableFuture<Message> first(String topic, Message message, Duration timeout) {
        return all(topic, message, timeout, 1).thenApply(replies -> {
            String failure = replies.getFirst().failure();
            if (failure != null) {
                throw new FanfareException(ErrorCode.FAILED, failure);
            }
            return replies.getFirst();
        });
    }

    /// The replies that come in time, at least one and `most` at most, or a [FanfareException].
    public CompletableFuture<List<Message>> all(String topic, Message message, Duration timeout, int most) {
        FutureReplies gathered = new FutureReplies();
        var _ = registry.requests().ask(topic, message, timeout, most, gathered, null);
        return gathered.future();
    }

    /// Replies to a request, with its correlation id unless the answer has one.
    public PublishResult reply(Message request, Message answer) {
        String to = request.replyTo();
        if (to == null) {
            return new PublishResult.Refused(
                    ErrorCode.BAD_REQUEST, "message " + request.id() + " asks for no reply: it has no reply_to");
        }
        String correlation = answer.correlationId() == null ? request.correlationId() : answer.correlationId();
        return registry.publish(to, answer.withReply(answer.replyTo(), correlation));
    }
}
