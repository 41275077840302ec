package dev.fanfare.server.rest;

import dev.fanfare.protocol.JsonBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/// What is answered to a request.
///
/// @param headers beside the content type, in order
/// @param contentType of the body; empty when there is none
/// @param body belongs to the answer
public record Answer(int status, Map<String, String> headers, String contentType, byte[] body) {

    /// JSON in UTF-8.
    public static final String JSON = "application/json";

    /// An answer whose body `write` makes.
    public static Answer json(int status, Consumer<JsonBytes> write) {
        return json(status, JSON, write);
    }

    /// An answer whose body `write` makes, in a dialect of JSON.
    public static Answer json(int status, String contentType, Consumer<JsonBytes> write) {
        JsonBytes out = new JsonBytes();
        write.accept(out);
        return new Answer(status, Map.of(), contentType, Arrays.copyOf(out.array(), out.length()));
    }

    /// An answer without a body.
    public static Answer empty(int status) {
        return new Answer(status, Map.of(), "", new byte[0]);
    }

    /// A text.
    public static Answer text(String contentType, String text) {
        return new Answer(200, Map.of(), contentType, text.getBytes(StandardCharsets.UTF_8));
    }

    /// The same with one more header.
    public Answer with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, more, contentType, body);
    }
}
