package dev.fanfare.client;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A message that was heard. Immutable.
///
/// @param topic the topic it was published to
/// @param id the message's id
/// @param payload the payload as JSON text, exactly as it came
/// @param type the message's type, if its publisher gave one
/// @param key the message's key, if its publisher gave one
/// @param headers the message's headers, empty if it has none
/// @param replyTo the topic for answers to it, if its publisher wants any: see [FanfareClient#reply]
/// @param correlationId what it belongs to, if its publisher said so
/// @param encoding `base64` when the payload is a JSON string that holds bytes in Base64
/// @param timestamp when the message was appended
/// @param position its place in the topic's log
/// @param json the whole event as it came, one line of JSON
public record Event(
        String topic,
        String id,
        String payload,
        @Nullable String type,
        @Nullable String key,
        Map<String, String> headers,
        @Nullable String replyTo,
        @Nullable String correlationId,
        @Nullable String encoding,
        Instant timestamp,
        Position position,
        String json) {

    /// The payload for people: a JSON string without its quotes and escapes, any other JSON as it came.
    public String text() {
        return Frames.shown(payload);
    }

    /// The payload as bytes: what was encoded in Base64 decoded, else [#text] in UTF-8.
    public byte[] bytes() {
        return Frames.bytes(payload, encoding);
    }
}
