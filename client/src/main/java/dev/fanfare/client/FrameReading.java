package dev.fanfare.client;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// The fields of one frame of a server, as far as they are known; others are passed over. Used once, by one thread.
final class FrameReading {

    private static final String FLAT_GREETING = "Connected with client_id";

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
    private @Nullable String replyTo;
    private @Nullable String correlationId;
    private @Nullable String encoding;
    private @Nullable String contentType;
    private long ttlMillis;
    private Map<String, String> headers = Map.of();
    private List<Published> results = List.of();
    private @Nullable String clientId;
    private int attempt = 1;

    FrameReading(String text) {
        this.text = text;
    }

    void object() {
        try (JsonParser parser = Frames.JSON.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw Frames.unexpected(text, null);
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                field(parser);
            }
            if (parser.nextToken() != null) {
                throw Frames.unexpected(text, null);
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
            throw Frames.unexpected(text, null);
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            FrameReading one = new FrameReading(text);
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
            case "reply_to" -> replyTo = string(parser);
            case "correlation_id" -> correlationId = string(parser);
            case "encoding" -> encoding = string(parser);
            case "content_type" -> contentType = string(parser);
            case "ttl_ms" -> ttlMillis = count(parser);
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
            throw Frames.unexpected(text, null);
        }
        return parser.getString();
    }

    private long count(JsonParser parser) {
        long count = parser.getLongValue();
        if (count < 0) {
            throw Frames.unexpected(text, null);
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

    /// What is compressed is shown as it would be shown to who does not take it so.
    private void expand() {
        Encoding packed = Encoding.named(encoding);
        if (packed == null) {
            return;
        }
        byte[] plain;
        try {
            plain = packed.plain(Frames.unquoted(payload));
        } catch (IllegalArgumentException wrong) {
            throw Frames.unexpected(text, wrong);
        }
        encoding = null;
        if (contentType == null) {
            payload = new String(plain, StandardCharsets.UTF_8);
        } else if (contentType.startsWith("text/")) {
            payload = Frames.quoted(new String(plain, StandardCharsets.UTF_8));
        } else {
            encoding = "base64";
            payload = Frames.quoted(Base64.getEncoder().encodeToString(plain));
        }
    }

    private Instant time() {
        return ts == null ? Instant.EPOCH : Instant.parse(ts);
    }

    /// What it says went wrong; null when it says nothing.
    @Nullable
    ClientException failure() {
        return failed ? new ClientException(code, error) : null;
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
                                replyTo,
                                correlationId,
                                encoding,
                                time(),
                                new Position(epoch == null ? "" : epoch, offset),
                                text),
                        attempt,
                        ttlMillis);
            case "reply" ->
                new ServerFrame.Replied(
                        requestId, new Reply(id, payload, messageType, headers, correlationId, encoding, time()));
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
