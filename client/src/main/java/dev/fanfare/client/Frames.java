package dev.fanfare.client;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// Reads the frames of a server and writes requests. Stateless, any thread. Payloads are cut out of the text as
/// they are, so that no number changes its form.
final class Frames {

    /// A server checks what is published and passes it on, so nothing but the length of a frame limits it here: what
    /// is refused would come again after each reconnect.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /// How much text of positions a resuming subscribe carries at most; servers take messages of 64 KiB.
    private static final int POSITIONS_CHARS_MAX = 40_000;

    private static final String FLAT_GREETING = "Connected with client_id";

    private Frames() {}

    /// @throws ClientException when the text is not what a Fanfare server sends
    static ServerFrame read(String text) {
        Reading reading = new Reading(text);
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
            Reading reading = new Reading(body);
            reading.object();
            if (reading.failed) {
                code = reading.code;
                why = reading.error;
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

    static String publish(String requestId, String topic, Outgoing message, int compressAbove) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("type", "publish");
            json.writeStringProperty("request_id", requestId);
            message(json, topic, message, compressAbove);
            json.writeEndObject();
        });
    }

    static String transaction(String requestId, List<Transaction.Part> parts, int compressAbove) {
        return write(json -> {
            json.writeStartObject();
            json.writeStringProperty("type", "transaction");
            json.writeStringProperty("request_id", requestId);
            json.writeArrayPropertyStart("publish");
            for (Transaction.Part part : parts) {
                json.writeStartObject();
                message(json, part.topic(), part.message(), compressAbove);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void message(JsonGenerator json, String topic, Outgoing message, int compressAbove) {
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
        String payload = message.payload();
        String packed = compressAbove > 0 && payload.length() > compressAbove ? Gzip.packed(payload) : null;
        if (packed == null) {
            json.writeName("payload");
            json.writeRawValue(payload);
        } else {
            json.writeStringProperty("payload", packed);
            json.writeStringProperty("encoding", Gzip.NAME);
        }
        json.writeEndObject();
    }

    /// What a subscription asks for each time.
    ///
    /// @param how null for one that does not acknowledge
    /// @param gzip whether it takes payloads so
    record Asked(
            String clientId,
            String pattern,
            Selection wanted,
            @Nullable Acknowledging how,
            boolean gzip) {}

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
        if (asked.gzip()) {
            json.writeArrayPropertyStart("accept_encoding");
            json.writeString(Gzip.NAME);
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

    static String write(Writing writing) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            writing.to(json);
        }
        return out.toString();
    }

    private static ClientException unexpected(String text, @Nullable Exception cause) {
        String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        String message = "the server said what a Fanfare server does not say: " + shown;
        return cause == null
                ? new ClientException(ClientException.CONNECTION, message)
                : new ClientException(ClientException.CONNECTION, message, cause);
    }

    /// The fields of one frame, as far as they are known; others are passed over.
    private static final class Reading {
        private final String text;
        private String type = "";
        private @Nullable String requestId;
        private String topic = "";
        private @Nullable String ts;
        private @Nullable String epoch;
        private long offset = -1;
        private long retryAfterMillis;
        private @Nullable Boolean recovered;
        private @Nullable String messageId;
        private String info = "";
        private String notice = "";
        private long dropped;
        private boolean failed;
        private String code = "INTERNAL";
        private String error = "the server gave no reason";
        private String id = "";
        private String payload = "null";
        private @Nullable String messageType;
        private @Nullable String key;
        private @Nullable String encoding;
        private @Nullable String contentType;
        private Map<String, String> headers = Map.of();
        private List<Published> results = List.of();
        private @Nullable String clientId;
        private int attempt = 1;

        Reading(String text) {
            this.text = text;
        }

        void object() {
            try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw unexpected(text, null);
                }
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    field(parser);
                }
                if (parser.nextToken() != null) {
                    throw unexpected(text, null);
                }
            }
        }

        private void field(JsonParser parser) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.VALUE_NULL) {
                return;
            }
            switch (name) {
                case "type" -> type = string(parser);
                case "request_id" -> requestId = string(parser);
                case "topic" -> topic = string(parser);
                case "ts" -> ts = string(parser);
                case "epoch" -> epoch = string(parser);
                case "offset" -> offset = count(parser);
                case "recovered" -> recovered = parser.getBooleanValue();
                case "message_id" -> messageId = string(parser);
                case "msg" -> info = string(parser);
                case "dropped" -> dropped = count(parser);
                case "results" -> results(parser);
                case "client_id" -> clientId = string(parser);
                case "delivery" ->
                    each(parser, (inner, part) -> {
                        if (part.equals("attempt")) {
                            attempt = Math.toIntExact(count(inner));
                        } else {
                            inner.skipChildren();
                        }
                    });
                case "error" -> {
                    failed = true;
                    each(parser, this::errorField);
                }
                case "message" -> {
                    if (token == JsonToken.VALUE_STRING) {
                        notice = parser.getString();
                    } else {
                        each(parser, this::messageField);
                    }
                }
                default -> parser.skipChildren();
            }
        }

        private void results(JsonParser parser) {
            List<Published> read = new ArrayList<>();
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                throw unexpected(text, null);
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                Reading one = new Reading(text);
                each(parser, (inner, name) -> {
                    switch (name) {
                        case "message_id" -> one.id = one.string(inner);
                        case "epoch" -> one.epoch = one.string(inner);
                        case "offset" -> one.offset = one.count(inner);
                        default -> inner.skipChildren();
                    }
                });
                read.add(new Published(one.id, new Position(one.epoch == null ? "" : one.epoch, one.offset)));
            }
            results = List.copyOf(read);
        }

        private void errorField(JsonParser parser, String name) {
            switch (name) {
                case "code" -> code = string(parser);
                case "message" -> error = string(parser);
                case "retry_after_ms" -> retryAfterMillis = count(parser);
                default -> parser.skipChildren();
            }
        }

        private void messageField(JsonParser parser, String name) {
            switch (name) {
                case "id" -> id = string(parser);
                case "type" -> messageType = string(parser);
                case "key" -> key = string(parser);
                case "encoding" -> encoding = string(parser);
                case "content_type" -> contentType = string(parser);
                case "payload" -> payload = asWritten(parser);
                case "headers" -> {
                    Map<String, String> read = new LinkedHashMap<>();
                    each(parser, (inner, header) -> read.put(header, asText(inner)));
                    headers = Map.copyOf(read);
                }
                default -> parser.skipChildren();
            }
        }

        private interface Field {
            void read(JsonParser parser, String name);
        }

        private static void each(JsonParser parser, Field field) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return;
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_NULL) {
                    field.read(parser, name);
                }
            }
        }

        private String string(JsonParser parser) {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw unexpected(text, null);
            }
            return parser.getString();
        }

        private long count(JsonParser parser) {
            long count = parser.getLongValue();
            if (count < 0) {
                throw unexpected(text, null);
            }
            return count;
        }

        private String asText(JsonParser parser) {
            return parser.currentToken() == JsonToken.VALUE_STRING ? parser.getString() : asWritten(parser);
        }

        private String asWritten(JsonParser parser) {
            int from = (int) parser.currentTokenLocation().getCharOffset();
            parser.skipChildren();
            // A string is read lazily: without this the parser still stands at its beginning.
            parser.finishToken();
            return text.substring(from, (int) parser.currentLocation().getCharOffset());
        }

        /// What stands in gzip is shown as it would be shown to who does not take it so.
        private void expand() {
            if (!Gzip.NAME.equals(encoding)) {
                return;
            }
            byte[] plain;
            try {
                plain = Gzip.plain(unquoted(payload));
            } catch (IllegalArgumentException wrong) {
                throw unexpected(text, wrong);
            }
            encoding = null;
            if (contentType == null) {
                payload = new String(plain, StandardCharsets.UTF_8);
            } else if (contentType.startsWith("text/")) {
                payload = quoted(new String(plain, StandardCharsets.UTF_8));
            } else {
                encoding = "base64";
                payload = quoted(Base64.getEncoder().encodeToString(plain));
            }
        }

        ServerFrame frame() {
            expand();
            return switch (type) {
                case "event" ->
                    new ServerFrame.Message(
                            new Event(
                                    topic,
                                    id,
                                    payload,
                                    messageType,
                                    key,
                                    headers,
                                    encoding,
                                    ts == null ? Instant.EPOCH : Instant.parse(ts),
                                    new Position(epoch == null ? "" : epoch, offset),
                                    text),
                            attempt);
                case "ack" -> new ServerFrame.Ack(requestId, messageId, ts, epoch, offset, recovered, results);
                case "error" -> new ServerFrame.Failure(requestId, clientId, code, error, retryAfterMillis);
                case "info" ->
                    switch (info) {
                        case "messages_dropped" -> new ServerFrame.Dropped(topic, dropped);
                        case "topic_deleted" -> new ServerFrame.TopicDeleted(topic);
                        case "subscription_taken_over" ->
                            new ServerFrame.Ended("somebody else has taken the subscription over");
                        case "subscription_ended" -> new ServerFrame.Ended("the subscription was ended");
                        default ->
                            notice.startsWith(FLAT_GREETING) ? new ServerFrame.FlatGreeting() : new ServerFrame.Other();
                    };
                default -> new ServerFrame.Other();
            };
        }
    }
}
