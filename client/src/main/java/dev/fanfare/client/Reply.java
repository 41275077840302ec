package dev.fanfare.client;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An answer to a request: see [FanfareClient#request]. Immutable.
///
/// @param id the message's id
/// @param payload the payload as JSON text, exactly as it came
/// @param type the message's type, if who answered gave one
/// @param headers the message's headers, empty if it has none; a responder in the server's process that failed says
///     why in the header `$failure`
/// @param correlationId what it belongs to, if who answered said so
/// @param encoding `base64` when the payload is a JSON string that holds bytes in Base64
/// @param timestamp when it came to the server
public record Reply(
        String id,
        String payload,
        @Nullable String type,
        Map<String, String> headers,
        @Nullable String correlationId,
        @Nullable String encoding,
        Instant timestamp) {

    /// The payload for people: a JSON string without its quotes and escapes, any other JSON as it came.
    public String text() {
        return Frames.shown(payload);
    }

    /// The payload as bytes: what was encoded in Base64 decoded, else [#text] in UTF-8.
    public byte[] bytes() {
        return Frames.bytes(payload, encoding);
    }
}
