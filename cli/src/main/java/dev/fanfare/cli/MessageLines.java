package dev.fanfare.cli;

import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.protocol.JsonScanner;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Messages as lines of JSON, for `storage export` and `storage import`.
///
/// ```
/// {"offset":0,"epoch":"…","timestamp":1767225600000,"id":"…","type":…,"key":…,"headers":{…},"payload":…}
/// ```
///
/// A payload that is no JSON is a text with `"content_type"`, or base64 with `"encoding":"base64"` too.
final class MessageLines {

    private static final JsonFactory JSON = new JsonFactory();

    private MessageLines() {}

    static String write(Message message) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line)) {
            json.writeStartObject();
            json.writeNumberProperty("offset", message.offset());
            json.writeStringProperty("epoch", message.epoch());
            json.writeNumberProperty("timestamp", message.timestampMillis());
            json.writeStringProperty("id", message.id());
            optional(json, "type", message.type());
            optional(json, "key", message.key());
            optional(json, "reply_to", message.replyTo());
            optional(json, "correlation_id", message.correlationId());
            if (!message.headers().isEmpty()) {
                json.writeObjectPropertyStart("headers");
                message.headers().forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            payload(json, message.payload());
            json.writeEndObject();
        }
        return line.toString();
    }

    private static void optional(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    private static void payload(JsonGenerator json, Payload payload) {
        if (payload.isJson(JsonScanner::wellFormed)) {
            json.writeName("payload");
            json.writeRawValue(payload.text());
            return;
        }
        json.writeStringProperty("content_type", payload.contentType());
        String text = payload.text();
        byte[] bytes = payload.toByteArray();
        if (Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
            json.writeStringProperty("payload", text);
        } else {
            json.writeStringProperty("encoding", "base64");
            json.writeStringProperty("payload", Base64.getEncoder().encodeToString(bytes));
        }
    }

    /// The draft of a line; its place is not kept.
    ///
    /// @throws IllegalArgumentException when it is no such line; the message says why
    static Message read(String line) {
        Map<String, String> texts = new HashMap<>();
        Map<String, String> headers = new HashMap<>();
        String payload = null;
        boolean json = true;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("it is no JSON object");
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("payload")) {
                    json = value != JsonToken.VALUE_STRING;
                    payload = json ? raw(parser) : parser.getString();
                } else if (name.equals("headers") && value == JsonToken.START_OBJECT) {
                    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                        String header = parser.currentName();
                        parser.nextToken();
                        headers.put(header, parser.getString());
                    }
                } else if (value.isScalarValue()) {
                    texts.put(name, parser.getString());
                } else {
                    throw new IllegalArgumentException("its member '" + name + "' is no text");
                }
            }
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("something follows the object");
            }
        } catch (JacksonException e) {
            throw new IllegalArgumentException("it is no JSON: " + e.getOriginalMessage(), e);
        }
        if (payload == null) {
            throw new IllegalArgumentException("it has no payload");
        }
        return Message.of(
                        texts.get("id"),
                        texts.get("type"),
                        texts.get("key"),
                        Map.copyOf(headers),
                        payload(payload, json, texts.get("content_type"), texts.get("encoding")))
                .withReply(texts.get("reply_to"), texts.get("correlation_id"));
    }

    private static String raw(JsonParser parser) {
        StringWriter written = new StringWriter();
        try (JsonGenerator copy = JSON.createGenerator(ObjectWriteContext.empty(), written)) {
            copy.copyCurrentStructure(parser);
        }
        return written.toString();
    }

    private static Payload payload(
            String written, boolean json, @Nullable String contentType, @Nullable String encoding) {
        if (contentType == null) {
            return Payload.json(json ? written : quoted(written));
        }
        byte[] bytes = "base64".equals(encoding)
                ? Base64.getDecoder().decode(written)
                : written.getBytes(StandardCharsets.UTF_8);
        return Payload.wrap(bytes, contentType);
    }

    private static String quoted(String text) {
        StringWriter written = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), written)) {
            json.writeString(text);
        }
        return written.toString();
    }
}
