package dev.fanfare;

/// Turns the application's objects into payloads, for [Broker#publish(String, Object)]. With Jackson:
///
/// ```java
/// PayloadCodec codec = value -> Payload.wrap(mapper.writeValueAsBytes(value), Payload.JSON);
/// ```
///
/// Called on the publisher's thread, by any number of them at once.
@FunctionalInterface
public interface PayloadCodec {

    /// Refuses every object and says how to set a codec.
    PayloadCodec NONE = value -> {
        throw new FanfareException(
                ErrorCode.BAD_REQUEST,
                "can't publish a " + value.getClass().getName()
                        + ": only String, byte[], Payload and Message need no codec; set one with BrokerConfig.defaults().withCodec(...)");
    };

    /// The payload that stands for `value`. What it throws reaches the publisher, and nothing is published.
    Payload encode(Object value);
}
