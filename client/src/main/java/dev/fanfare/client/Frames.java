package dev.fanfare.client;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// Reads the frames of a server and writes requests. Stateless, any thread. Payloads are cut out of the text as
/// they are, so that no number changes its form.
final class Frames {

    /// A server checks what is published and passes it on, so nothing but the length of a frame limits it here: what
    /// is refused would come again after each reconnect.
    static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /// How much text of positions a resuming subscribe carries at most; servers take messages of 64 KiB.
    private static final int POSITIONS_CHARS_MAX = 40_000;

    private Frames() {}

    /// @throws ClientException when the text is not what a Fanfare server sends
    static ServerFrame read(String text) {
        FrameReading reading = new FrameReading(text);
        try {
            reading.object();
            return reading.frame();
        } catch (JacksonException | DateTimeException e) {
            throw unexpected(text, e);
        }
    }

    /// The refusal of a REST call: its body holds the same error as a frame would, if it comes from a Fanfare server.
    static ClientException problem(String what, int status, String body) {
        String code = ClientException.CONNECTION;
        String why = "the server answered " + status;
        try {
            FrameReading reading = new FrameReading(body);
            reading.object();
            ClientException said = reading.failure();
            if (said != null) {
                code = said.code();
                why = String.valueOf(said.getMessage());
            }
        } catch (JacksonException | ClientException e) {
            why += ", which is not how a Fanfare server answers";
        }
        return new ClientException(code, what + " failed: " + why);
    }

    static String quoted(String text) {
        return write(json -> json.writeString(text));
    }

    static String unquoted(String jsonString) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), jsonString)) {
            parser.nextToken();
            return parser.getString();
        }
    }

    /// A payload for people.
    static String shown(String payload) {
        return payload.startsWith("\"") ? unquoted(payload) : payload;
    }

    /// A payload as bytes.
    static byte[] bytes(String payload, @Nullable String encoding) {
        String text = shown(payload);
        return "base64".equals(encoding) ? Base64.getDecoder().decode(text) : text.getBytes(StandardCharsets.UTF_8);
    }

    static String publish(String requestId, String topic, Outgoing message, Compression compression) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("type", "publish");
            json.writeStringProperty("request_id", requestId);
            message(json, topic, message, compression);
            json.writeEndObject();
        });
    }

    static String request(
            String requestId, String topic, Outgoing message, Duration timeout, boolean all, Compression compression) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("type", "request");
            json.writeStringProperty("request_id", requestId);
            json.writeNumberProperty("timeout_ms", timeout.toMillis());
            json.writeStringProperty("replies", all ? "all" : "first");
            message(json, topic, message, compression);
            json.writeEndObject();
        });
    }

    /// @param more what stands behind the messages
    static String transaction(String requestId, List<Transaction.Part> parts, Compression compression, Writing more) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("type", "transaction");
            json.writeStringProperty("request_id", requestId);
            json.writeArrayPropertyStart("publish");
            for (Transaction.Part part : parts) {
                json.writeStartObject();
                message(json, part.topic(), part.message(), compression);
                json.writeEndObject();
            }
            json.writeEndArray();
            more.to(json);
            json.writeEndObject();
        });
    }

    /// Checks what would be found out only by the server, or while it is sent.
    ///
    /// @throws IllegalArgumentException when the payload is not JSON, or a text can't be sent
    static void check(String topic, Outgoing message) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), message.payload())) {
            if (parser.nextToken() == null) {
                throw new IllegalArgumentException(notJson(message, "it is empty"));
            }
            parser.skipChildren();
            parser.finishToken();
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException(notJson(message, "more follows the first value"));
            }
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException(notJson(message, malformed.getOriginalMessage()), malformed);
        }
        write(json -> {
            json.writeStartObject();
            message(json, topic, message, Compression.none());
            json.writeEndObject();
        });
    }

    private static String notJson(Outgoing message, String why) {
        return "the payload of message " + message.id() + " is not JSON: " + why
                + "; Outgoing.text makes a string of any text";
    }

    private static void message(JsonGenerator json, String topic, Outgoing message, Compression compression) {
        json.writeStringProperty("topic", topic);
        json.writeObjectPropertyStart("message");
        json.writeStringProperty("id", message.id());
        if (message.type() != null) {
            json.writeStringProperty("type", message.type());
        }
        if (message.key() != null) {
            json.writeStringProperty("key", message.key());
        }
        if (!message.headers().isEmpty()) {
            json.writeObjectPropertyStart("headers");
            message.headers().forEach(json::writeStringProperty);
            json.writeEndObject();
        }
        if (message.replyTo() != null) {
            json.writeStringProperty("reply_to", message.replyTo());
        }
        if (message.correlationId() != null) {
            json.writeStringProperty("correlation_id", message.correlationId());
        }
        if (message.ttl() != null) {
            json.writeNumberProperty("ttl_ms", message.ttl().toMillis());
        }
        if (message.delay() != null) {
            json.writeNumberProperty("delay_ms", message.delay().toMillis());
        }
        if (message.deliverAt() != null) {
            json.writeStringProperty("deliver_at", message.deliverAt().toString());
        }
        String payload = message.payload();
        String packed = compression.packed(payload);
        if (packed == null) {
            json.writeName("payload");
            json.writeRawValue(payload);
        } else {
            json.writeStringProperty("payload", packed);
            json.writeStringProperty("encoding", compression.encoding().wireName());
        }
        json.writeEndObject();
    }

    /// What a subscription asks for each time.
    ///
    /// @param how null for one that does not acknowledge
    /// @param takes in what it takes payloads
    record Asked(
            String clientId,
            String pattern,
            Selection wanted,
            @Nullable Acknowledging how,
            List<Encoding> takes) {}

    static String subscribe(String requestId, Asked asked, Start start) {
        return write(json -> {
            beginSubscribe(json, requestId, asked);
            switch (start) {
                case Start.Latest() -> {}
                case Start.Earliest() -> json.writeStringProperty("from", "earliest");
                case Start.Last(int count) -> json.writeNumberProperty("last_n", count);
                case Start.At(Instant time) -> {
                    json.writeObjectPropertyStart("from");
                    json.writeStringProperty("time", time.toString());
                    json.writeEndObject();
                }
                case Start.After(Position position) -> position(json, "since", position);
            }
            json.writeEndObject();
        });
    }

    /// Resumes a pattern. The positions come most recently heard first; those that don't fit are left out, and the
    /// server then sends their topics from `time` on.
    static String resume(String requestId, Asked asked, String time, Iterable<Map.Entry<String, Position>> positions) {
        return write(json -> {
            beginSubscribe(json, requestId, asked);
            json.writeObjectPropertyStart("since");
            json.writeStringProperty("time", time);
            json.writeObjectPropertyStart("topics");
            int room = POSITIONS_CHARS_MAX;
            for (Map.Entry<String, Position> entry : positions) {
                // 60 covers the field names, the epoch and the digits; a name's UTF-8 has at most 3 bytes per char.
                room -= 60 + 3 * entry.getKey().length();
                if (room < 0) {
                    break;
                }
                position(json, entry.getKey(), entry.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
            json.writeEndObject();
        });
    }

    static String createTopic(String name) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("name", name);
            json.writeEndObject();
        });
    }

    private static void beginSubscribe(JsonGenerator json, String requestId, Asked asked) {
        Selection wanted = asked.wanted();
        json.writeStartObject();
        json.writeStringProperty("type", "subscribe");
        json.writeStringProperty("request_id", requestId);
        json.writeStringProperty("topic", asked.pattern());
        json.writeStringProperty("client_id", asked.clientId());
        if (wanted.filter() != null) {
            json.writeStringProperty("filter", wanted.filter());
        }
        if (!wanted.types().isEmpty()) {
            json.writeArrayPropertyStart("types");
            wanted.types().forEach(json::writeString);
            json.writeEndArray();
        }
        if (asked.how() != null) {
            AckFrames.terms(json, asked.how());
        }
        if (!asked.takes().isEmpty()) {
            json.writeArrayPropertyStart("accept_encoding");
            asked.takes().forEach(encoding -> json.writeString(encoding.wireName()));
            json.writeEndArray();
        }
    }

    private static void position(JsonGenerator json, String name, Position position) {
        json.writeObjectPropertyStart(name);
        json.writeStringProperty("epoch", position.epoch());
        json.writeNumberProperty("offset", position.offset());
        json.writeEndObject();
    }

    interface Writing {
        void to(JsonGenerator json);
    }

    /// @throws IllegalArgumentException when what is written can't be sent
    static String write(Writing writing) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            writing.to(json);
        }
        String text = out.toString();
        checkPairs(text);
        return text;
    }

    /// Half a pair of surrogates has no form in UTF-8: the socket would break over it, and the next one again.
    private static void checkPairs(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new IllegalArgumentException("character " + i + " of "
                            + (text.length() > 200 ? text.substring(0, 200) + "..." : text).replace(c, '?')
                            + " is half a pair of surrogates, which can't be sent; leave it out or replace it");
                }
                i++;
            }
        }
    }

    /// How many bytes a text is on the wire, in UTF-8.
    static int size(String text) {
        int size = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // Half a pair of surrogates is half of four bytes.
            size += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return size;
    }

    static ClientException unexpected(String text, @Nullable Exception cause) {
        String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        String message = "the server said what a Fanfare server does not say: " + shown;
        return cause == null
                ? new ClientException(ClientException.CONNECTION, message)
                : new ClientException(ClientException.CONNECTION, message, cause);
    }
}
