package dev.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The names that requests may use. Those of a publish's `message` are a family of their own.
enum Field {
    TYPE("type"),
    TOPIC("topic"),
    REQUEST_ID("request_id"),
    CLIENT_ID("client_id"),
    MESSAGE("message"),
    DATA("data"),
    LAST_N("last_n"),
    SINCE("since"),
    FROM("from"),
    OVERFLOW("overflow"),
    QUEUE("queue"),
    BATCH("batch"),
    NO_ACK("no_ack"),
    DURABILITY("durability"),
    FILTER("filter"),
    TYPES("types"),
    ACCEPT_ENCODING("accept_encoding"),
    ACK("ack"),
    DURABLE("durable"),
    GROUP("group"),
    MAX_IN_FLIGHT("max_in_flight"),
    ACK_TIMEOUT_MS("ack_timeout_ms"),
    RETRY("retry"),
    DEAD_LETTER("dead_letter"),
    CIRCUIT_BREAKER("circuit_breaker"),
    ORDERED("ordered"),
    EXPIRED("expired"),
    TIMEOUT_MS("timeout_ms"),
    REPLIES("replies"),
    OFFSET("offset"),
    OFFSETS("offsets"),
    EPOCH("epoch"),
    SUBSCRIPTION("subscription"),
    NACK_DELAY_MS("delay_ms"),
    REASON("reason"),
    DEAD("dead"),
    PUBLISH("publish"),
    API_KEY("api_key"),
    TOKEN("token"),
    MESSAGE_ID("message.id"),
    MESSAGE_PAYLOAD("message.payload"),
    MESSAGE_ENCODING("message.encoding"),
    MESSAGE_CONTENT_TYPE("message.content_type"),
    MESSAGE_TYPE("message.type"),
    MESSAGE_KEY("message.key"),
    MESSAGE_HEADERS("message.headers"),
    MESSAGE_REPLY_TO("message.reply_to"),
    MESSAGE_CORRELATION_ID("message.correlation_id"),
    MESSAGE_TTL_MS("message.ttl_ms"),
    MESSAGE_DELAY_MS("message.delay_ms"),
    MESSAGE_DELIVER_AT("message.deliver_at");

    private static final String OF_MESSAGE = "message.";
    private static final Field[][] TOP_BY_LENGTH = byLength(false);
    private static final Field[][] MESSAGE_BY_LENGTH = byLength(true);

    private final String path;
    private final byte[] name;

    Field(String path) {
        this.path = path;
        String last = path.startsWith(OF_MESSAGE) ? path.substring(OF_MESSAGE.length()) : path;
        this.name = last.getBytes(StandardCharsets.US_ASCII);
    }

    /// As errors name it.
    String path() {
        return path;
    }

    /// The field of that name; null when it is none of ours.
    static @Nullable Field of(byte[] text, int from, int to, boolean ofMessage) {
        Field[][] family = ofMessage ? MESSAGE_BY_LENGTH : TOP_BY_LENGTH;
        int length = to - from;
        if (length >= family.length) {
            return null;
        }
        for (Field field : family[length]) {
            if (Arrays.equals(field.name, 0, length, text, from, to)) {
                return field;
            }
        }
        return null;
    }

    private static Field[][] byLength(boolean ofMessage) {
        Field[][] family = new Field[20][];
        for (int length = 0; length < family.length; length++) {
            int wanted = length;
            family[length] = Arrays.stream(values())
                    .filter(field -> field.name.length == wanted && field.path.startsWith(OF_MESSAGE) == ofMessage)
                    .toArray(Field[]::new);
        }
        return family;
    }
}
