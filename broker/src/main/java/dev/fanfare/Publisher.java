package dev.fanfare;

import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/// Publishes to one topic, by its name: a topic deleted and made again has the same publishers. Made by
/// [Broker#publisher]; costs nothing to keep. Any thread.
public final class Publisher {

    private final Broker broker;
    private final String topic;
    private final RetryPolicy retry;

    Publisher(Broker broker, String topic) {
        this(broker, topic, RetryPolicy.none());
    }

    private Publisher(Broker broker, String topic, RetryPolicy retry) {
        this.broker = broker;
        this.topic = topic;
        this.retry = retry;
    }

    /// The same, which publishes again what was refused for now (with a code whose advice is `RETRY_LATER`), as
    /// often and as late as the policy says: it is asked with a [FanfareException] of that code. Its publishing
    /// waits meanwhile, so it is not for event loops.
    public Publisher withRetry(RetryPolicy policy) {
        return new Publisher(broker, topic, policy);
    }

    /// The name of the topic.
    public String topic() {
        return topic;
    }

    /// Publishes a text. See [Broker#publish(String, Message)].
    public PublishResult publish(String text) {
        return publish(Message.text(text));
    }

    /// Publishes bytes. See [Broker#publish(String, Message)].
    public PublishResult publish(byte[] bytes) {
        return publish(Message.of(Payload.bytes(bytes, Payload.BINARY)));
    }

    /// Publishes what [BrokerConfig#codec] makes of an object. See [Broker#publish(String, Message)].
    public PublishResult publish(Object value) {
        return publish(broker.message(value));
    }

    /// Publishes a message. See [Broker#publish(String, Message)].
    public PublishResult publish(Message message) {
        PublishResult result = broker.publish(topic, message);
        for (int attempt = 1; result instanceof PublishResult.Refused refused; attempt++) {
            Duration delay = refused.code().advice() == ErrorCode.Advice.RETRY_LATER
                    ? retry.afterFailure(attempt, refused.exception())
                    : null;
            if (delay == null || !pause(delay)) {
                return result;
            }
            result = broker.publish(topic, message);
        }
        return result;
    }

    /// @return false when the thread was interrupted, or the broker is closed
    private boolean pause(Duration delay) {
        CountDownLatch over = new CountDownLatch(1);
        Timers.Timer timer = broker.timers().schedule(delay, over::countDown);
        try {
            over.await();
            return !broker.isClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            timer.cancel();
        }
    }
}
