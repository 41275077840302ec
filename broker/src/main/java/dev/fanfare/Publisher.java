package dev.fanfare;

/// Publishes to one topic, by its name: a topic deleted and made again has the same publishers. Made by
/// [Broker#publisher]; costs nothing to keep. Any thread.
public final class Publisher {

    private final Broker broker;
    private final String topic;

    Publisher(Broker broker, String topic) {
        this.broker = broker;
        this.topic = topic;
    }

    /// The name of the topic.
    public String topic() {
        return topic;
    }

    /// Publishes a text. See [Broker#publish(String, Message)].
    public PublishResult publish(String text) {
        return broker.publish(topic, text);
    }

    /// Publishes bytes. See [Broker#publish(String, Message)].
    public PublishResult publish(byte[] bytes) {
        return broker.publish(topic, bytes);
    }

    /// Publishes what [BrokerConfig#codec] makes of an object. See [Broker#publish(String, Message)].
    public PublishResult publish(Object value) {
        return broker.publish(topic, value);
    }

    /// Publishes a message. See [Broker#publish(String, Message)].
    public PublishResult publish(Message message) {
        return broker.publish(topic, message);
    }
}
