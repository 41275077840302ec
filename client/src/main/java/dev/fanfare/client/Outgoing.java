package dev.fanfare.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A message to publish. Immutable. It has an id from the start, so that a message that had to be sent again after a
/// connection broke can be recognised by it.
///
/// @param id a UUID, unless the server allows other ids
/// @param payload the payload as JSON text; the server refuses text that is not JSON
/// @param type what kind of message this is, or null
/// @param key what the message is about, or null
/// @param headers anything else about it
/// @param replyTo the topic for answers to it, or null
/// @param correlationId what it belongs to, or null
/// @param ttl how long it counts, from when it is appended: 1 ms to ten years; null for ever
/// @param delay how long it waits before it is appended, 0 to ten years; null: not at all
/// @param deliverAt when it is appended; null: at once. Not together with a delay
public record Outgoing(
        String id,
        String payload,
        @Nullable String type,
        @Nullable String key,
        Map<String, String> headers,
        @Nullable String replyTo,
        @Nullable String correlationId,
        @Nullable Duration ttl,
        @Nullable Duration delay,
        @Nullable Instant deliverAt) {

    /// Copies the headers.
    public Outgoing {
        headers = Map.copyOf(headers);
        if (delay != null && deliverAt != null) {
            throw new IllegalArgumentException("a message waits for so long, or until then, not both");
        }
    }

    /// A message whose payload is a string.
    public static Outgoing text(String text) {
        return json(Frames.quoted(text));
    }

    /// A message whose payload is any JSON value, given as JSON text; it is passed on as written.
    public static Outgoing json(String json) {
        return new Outgoing(UUID.randomUUID().toString(), json, null, null, Map.of(), null, null, null, null, null);
    }

    /// The same message with another id.
    public Outgoing withId(String newId) {
        return new Outgoing(newId, payload, type, key, headers, replyTo, correlationId, ttl, delay, deliverAt);
    }

    /// The same message with a type.
    public Outgoing withType(String newType) {
        return new Outgoing(id, payload, newType, key, headers, replyTo, correlationId, ttl, delay, deliverAt);
    }

    /// The same message with a key.
    public Outgoing withKey(String newKey) {
        return new Outgoing(id, payload, type, newKey, headers, replyTo, correlationId, ttl, delay, deliverAt);
    }

    /// The same message with these headers.
    public Outgoing withHeaders(Map<String, String> newHeaders) {
        return new Outgoing(id, payload, type, key, newHeaders, replyTo, correlationId, ttl, delay, deliverAt);
    }

    /// The same message with a topic for answers to it.
    public Outgoing withReplyTo(String topic) {
        return new Outgoing(id, payload, type, key, headers, topic, correlationId, ttl, delay, deliverAt);
    }

    /// The same message with what it belongs to.
    public Outgoing withCorrelationId(String correlation) {
        return new Outgoing(id, payload, type, key, headers, replyTo, correlation, ttl, delay, deliverAt);
    }

    /// The same message that counts for so long: after that it is not replayed or delivered again.
    public Outgoing withTtl(Duration time) {
        return new Outgoing(id, payload, type, key, headers, replyTo, correlationId, time, delay, deliverAt);
    }

    /// The same message that is published so much later. It is answered at once, with no place in the log.
    public Outgoing withDelay(Duration time) {
        return new Outgoing(id, payload, type, key, headers, replyTo, correlationId, ttl, time, deliverAt);
    }

    /// The same message that is published at that time, or at once when it is past. It is answered at once, with no
    /// place in the log.
    public Outgoing withDeliverAt(Instant time) {
        return new Outgoing(id, payload, type, key, headers, replyTo, correlationId, ttl, delay, time);
    }
}
