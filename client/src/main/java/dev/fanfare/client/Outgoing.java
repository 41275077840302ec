package dev.fanfare.client;

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
public record Outgoing(
        String id,
        String payload,
        @Nullable String type,
        @Nullable String key,
        Map<String, String> headers) {

    /// Copies the headers.
    public Outgoing {
        headers = Map.copyOf(headers);
    }

    /// A message whose payload is a string.
    public static Outgoing text(String text) {
        return json(Frames.quoted(text));
    }

    /// A message whose payload is any JSON value, given as JSON text; it is passed on as written.
    public static Outgoing json(String json) {
        return new Outgoing(UUID.randomUUID().toString(), json, null, null, Map.of());
    }

    /// The same message with another id.
    public Outgoing withId(String newId) {
        return new Outgoing(newId, payload, type, key, headers);
    }

    /// The same message with a type.
    public Outgoing withType(String newType) {
        return new Outgoing(id, payload, newType, key, headers);
    }

    /// The same message with a key.
    public Outgoing withKey(String newKey) {
        return new Outgoing(id, payload, type, newKey, headers);
    }

    /// The same message with these headers.
    public Outgoing withHeaders(Map<String, String> newHeaders) {
        return new Outgoing(id, payload, type, key, newHeaders);
    }
}
