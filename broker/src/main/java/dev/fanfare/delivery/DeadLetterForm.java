package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import dev.fanfare.Message;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a dead letter is written as a message: as it was published, with what happened to it in headers.
final class DeadLetterForm {

    /// What the names of the headers begin with.
    static final String HEADERS = "dead-letter-";

    private static final String ID = HEADERS + "id";
    private static final String TOPIC = HEADERS + "topic";
    private static final String EPOCH = HEADERS + "epoch";
    private static final String OFFSET = HEADERS + "offset";
    private static final String PUBLISHED = HEADERS + "published";
    private static final String SUBSCRIPTION = HEADERS + "subscription";
    private static final String REASON = HEADERS + "reason";
    private static final String AT = HEADERS + "at";
    private static final String ATTEMPTS = HEADERS + "attempts";
    private static final String FIRST_ERROR = HEADERS + "first-error";
    private static final String LAST_ERROR = HEADERS + "last-error";

    private static final int ERROR_MAX = 1_000;

    private DeadLetterForm() {}

    static Message write(Entry entry, String subscription, DeadLetter.Reason reason, long nowMillis) {
        Message message = entry.message;
        Failures failures = entry.failures;
        Map<String, String> headers = new HashMap<>(message.headers());
        headers.put(ID, message.id());
        headers.put(TOPIC, message.topic());
        headers.put(EPOCH, message.epoch());
        headers.put(OFFSET, Long.toString(message.offset()));
        headers.put(PUBLISHED, message.timestamp().toString());
        headers.put(SUBSCRIPTION, subscription);
        headers.put(REASON, reason.label());
        headers.put(AT, Instant.ofEpochMilli(nowMillis).toString());
        headers.put(ATTEMPTS, Integer.toString(entry.attempt));
        headers.put(FIRST_ERROR, failures == null ? "" : shorten(failures.first()));
        headers.put(LAST_ERROR, failures == null ? "" : shorten(failures.last()));
        // A dead letter does not go away because the time is over in which its message counted.
        // Its id is its own: two that give up the same message, or one that does so again, repeat nothing.
        return message.withoutTtl().withId("").withHeaders(headers);
    }

    private static String shorten(String error) {
        return error.length() <= ERROR_MAX ? error : error.substring(0, ERROR_MAX);
    }

    /// Whether a message has been given up before.
    static boolean isLetter(Message message) {
        return message.headers().containsKey(TOPIC);
    }

    /// Reads one.
    ///
    /// @return null when it is none: anybody in the process may publish to the topic
    static @Nullable DeadLetter read(Message letter) {
        Map<String, String> headers = letter.headers();
        try {
            return new DeadLetter(
                    letter.offset(),
                    published(letter)
                            .stored(
                                    headers.getOrDefault(ID, letter.id()),
                                    text(headers, TOPIC),
                                    text(headers, EPOCH),
                                    Long.parseLong(text(headers, OFFSET)),
                                    Instant.parse(text(headers, PUBLISHED)).toEpochMilli()),
                    text(headers, SUBSCRIPTION),
                    DeadLetter.Reason.valueOf(text(headers, REASON).toUpperCase(java.util.Locale.ROOT)),
                    Instant.parse(text(headers, AT)),
                    Integer.parseInt(text(headers, ATTEMPTS)),
                    text(headers, FIRST_ERROR),
                    text(headers, LAST_ERROR));
        } catch (IllegalArgumentException | java.time.DateTimeException notOurs) {
            return null;
        }
    }

    private static String text(Map<String, String> headers, String name) {
        String value = headers.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no header " + name);
        }
        return value;
    }

    /// As it was published, without what happened to it.
    static Message published(Message letter) {
        Map<String, String> headers = new HashMap<>(letter.headers());
        headers.keySet().removeIf(name -> name.startsWith(HEADERS));
        return letter.withHeaders(headers);
    }
}
