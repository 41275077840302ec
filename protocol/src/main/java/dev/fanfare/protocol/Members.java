package dev.fanfare.protocol;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The parts of requests and events that have an inner structure.
final class Members {

    private static final int TEXT_MAX = 256;
    private static final int HEADERS_MAX = 64;
    private static final int HEADER_VALUE_MAX = 4096;

    /// What the names of headers begin with by which the broker knows a dead letter.
    private static final String OF_BROKER = "dead-letter-";

    private static final int FILTER_MAX = 4_096;
    private static final int TYPES_MAX = 100;
    private static final int POSITIONS_MAX = 10_000;
    private static final int BATCH_MAX = 10_000;
    private static final long LINGER_MAX_MILLIS = 60_000;
    private static final long TIMING_MAX_MILLIS = Duration.ofDays(3_650).toMillis();
    private static final Instant TIME_MIN = Instant.EPOCH;
    private static final Instant TIME_MAX = Instant.parse("+10000-01-01T00:00:00Z");
    private static final Set<String> POLICIES = Set.of("drop_oldest", "drop_newest", "disconnect", "spill");

    private static final Set<String> COMPRESSIONS = Set.of("gzip", "zstd");

    private Members() {}

    static Map<String, String> headers(Envelope envelope) {
        if (!envelope.has(Field.MESSAGE_HEADERS)) {
            return Map.of();
        }
        Map<String, String> headers = new LinkedHashMap<>();
        envelope.members(Field.MESSAGE_HEADERS, (name, from, to) -> {
            String path = "message.headers." + Excerpt.of(name);
            if (name.startsWith(OF_BROKER)) {
                throw new Envelope.Fault(path + ": headers that begin with '" + OF_BROKER + "' belong to the broker");
            }
            headers.put(name, envelope.string(path, from, to, HEADER_VALUE_MAX));
            if (name.length() > TEXT_MAX || headers.size() > HEADERS_MAX) {
                throw new Envelope.Fault("message.headers must have at most " + HEADERS_MAX + " names of at most "
                        + TEXT_MAX + " characters");
            }
        });
        return Collections.unmodifiableMap(headers); // in the order they were written
    }

    /// What the payload stands for; null when it is the payload itself.
    static Request.@Nullable Encoding encoding(Envelope envelope) {
        String encoding = envelope.string(Field.MESSAGE_ENCODING, TEXT_MAX);
        String type = envelope.string(Field.MESSAGE_CONTENT_TYPE, TEXT_MAX);
        if (encoding == null) {
            if (type != null) {
                throw new Envelope.Fault(
                        "message.content_type needs message.encoding: without one the payload is JSON");
            }
            return null;
        }
        boolean plain = encoding.equals("base64");
        if (!plain && !COMPRESSIONS.contains(encoding)) {
            throw new Envelope.Fault(
                    "message.encoding must be base64, gzip or zstd, not '" + Excerpt.of(encoding) + "'");
        }
        if (type != null && (type.isEmpty() || !type.chars().allMatch(c -> c >= ' ' && c <= '~'))) {
            throw new Envelope.Fault("message.content_type must be a media type such as application/octet-stream");
        }
        String text = envelope.string(Field.MESSAGE_PAYLOAD, Integer.MAX_VALUE);
        try {
            byte[] bytes = Base64.getDecoder().decode(String.valueOf(text));
            return new Request.Encoding(
                    encoding, type == null ? plain ? "application/octet-stream" : "application/json" : type, bytes);
        } catch (IllegalArgumentException notBase64) {
            throw new Envelope.Fault("message.payload must be a string in base64, since message.encoding is '"
                    + encoding + "': " + notBase64.getMessage());
        }
    }

    /// In what payloads may stay compressed.
    static Set<String> acceptEncoding(Envelope envelope) {
        if (!envelope.has(Field.ACCEPT_ENCODING)) {
            return Set.of();
        }
        Set<String> accepted = new TreeSet<>();
        envelope.elements(Field.ACCEPT_ENCODING, COMPRESSIONS.size(), (text, from, to) -> {
            String name = envelope.string("an element of accept_encoding", from, to, TEXT_MAX);
            if (!COMPRESSIONS.contains(name)) {
                throw new Envelope.Fault(
                        "an element of accept_encoding must be gzip or zstd, not '" + Excerpt.of(name) + "'");
            }
            accepted.add(name);
        });
        return Collections.unmodifiableSet(accepted);
    }

    /// How long a message counts and when it goes out; null when nothing is said about it.
    static Request.@Nullable Timing timing(Envelope envelope) {
        boolean delay = envelope.has(Field.MESSAGE_DELAY_MS);
        boolean time = envelope.has(Field.MESSAGE_DELIVER_AT);
        if (!delay && !time && !envelope.has(Field.MESSAGE_TTL_MS)) {
            return null;
        }
        if (delay && time) {
            throw new Envelope.Fault("message.delay_ms and message.deliver_at exclude each other");
        }
        String at = envelope.string(Field.MESSAGE_DELIVER_AT, TEXT_MAX);
        return new Request.Timing(
                envelope.number(Field.MESSAGE_TTL_MS, 1, TIMING_MAX_MILLIS, 0),
                envelope.number(Field.MESSAGE_DELAY_MS, 0, TIMING_MAX_MILLIS, 0),
                at == null ? null : time("message.deliver_at", at));
    }

    static @Nullable String overflow(Envelope envelope) {
        String policy = envelope.string(Field.OVERFLOW, TEXT_MAX);
        if (policy != null && !POLICIES.contains(policy)) {
            throw new Envelope.Fault(
                    "overflow must be drop_oldest, drop_newest, disconnect or spill, not '" + policy + "'");
        }
        return policy;
    }

    static Request.@Nullable Batch batch(Envelope envelope) {
        if (!envelope.has(Field.BATCH)) {
            return null;
        }
        long[] given = {-1, -1};
        envelope.members(Field.BATCH, (name, from, to) -> {
            switch (name) {
                case "size" -> given[0] = envelope.number("batch.size", from, to, 1, BATCH_MAX);
                case "linger_ms" -> given[1] = envelope.number("batch.linger_ms", from, to, 0, LINGER_MAX_MILLIS);
                default ->
                    throw new Envelope.Fault("batch has the fields size and linger_ms, not '" + Excerpt.of(name) + "'");
            }
        });
        if (given[0] < 0 || given[1] < 0) {
            throw new Envelope.Fault("batch needs both size and linger_ms");
        }
        return new Request.Batch((int) given[0], Duration.ofMillis(given[1]));
    }

    /// An expression about the messages that are wanted; null when there is none.
    static @Nullable String filter(Envelope envelope) {
        String filter = envelope.string(Field.FILTER, FILTER_MAX);
        if (filter != null && filter.isBlank()) {
            throw new Envelope.Fault("filter must not be empty");
        }
        return filter;
    }

    /// Which types of messages are wanted; none when nothing is said about them.
    static Set<String> types(Envelope envelope) {
        if (!envelope.has(Field.TYPES)) {
            return Set.of();
        }
        Set<String> types = new LinkedHashSet<>();
        envelope.elements(Field.TYPES, TYPES_MAX, (text, from, to) -> {
            String type = envelope.string("an element of types", from, to, TEXT_MAX);
            if (type.isEmpty()) {
                throw new Envelope.Fault("an element of types must not be empty");
            }
            types.add(type);
        });
        if (types.isEmpty()) {
            throw new Envelope.Fault("types must not be empty; leave it out to hear of all");
        }
        return Collections.unmodifiableSet(types);
    }

    /// Where a subscription is to begin; `since`, `from` and `last_n` exclude each other.
    static Request.From from(Envelope envelope, boolean pattern) {
        int given = (envelope.has(Field.SINCE) ? 1 : 0)
                + (envelope.has(Field.FROM) ? 1 : 0)
                + (envelope.has(Field.LAST_N) ? 1 : 0);
        if (given > 1) {
            throw new Envelope.Fault("since, from and last_n exclude each other");
        }
        if (envelope.has(Field.LAST_N)) {
            return lastN((int) Math.min(Integer.MAX_VALUE, envelope.number(Field.LAST_N, 0, Long.MAX_VALUE, 0)));
        }
        if (envelope.has(Field.SINCE)) {
            return pattern ? sinceAll(envelope) : since(envelope);
        }
        return envelope.has(Field.FROM) ? begin(envelope) : new Request.From.Latest();
    }

    static Request.From lastN(int count) {
        return count == 0 ? new Request.From.Latest() : new Request.From.LastN(count);
    }

    private static Request.From since(Envelope envelope) {
        PositionReader reader = new PositionReader("since");
        envelope.members(Field.SINCE, (name, from, to) -> reader.member(envelope, name, from, to));
        return new Request.From.Since(reader.position());
    }

    private static Request.From sinceAll(Envelope envelope) {
        Instant[] time = new Instant[1];
        Map<String, Request.Position> topics = new HashMap<>();
        envelope.members(Field.SINCE, (name, from, to) -> {
            switch (name) {
                case "time" -> time[0] = time("since.time", envelope.string("since.time", from, to, TEXT_MAX));
                case "topics" ->
                    envelope.members("since.topics", from, to, (topic, positionFrom, positionTo) -> {
                        PositionReader reader = new PositionReader("since.topics." + Excerpt.of(topic));
                        envelope.members(
                                reader.path,
                                positionFrom,
                                positionTo,
                                (member, at, end) -> reader.member(envelope, member, at, end));
                        topics.put(topic, reader.position());
                        if (topics.size() > POSITIONS_MAX) {
                            throw new Envelope.Fault("since.topics must have at most " + POSITIONS_MAX + " names");
                        }
                    });
                default ->
                    throw new Envelope.Fault(
                            "since on a pattern has the fields time and topics, not '" + Excerpt.of(name) + "'");
            }
        });
        if (time[0] == null) {
            throw new Envelope.Fault("since on a pattern needs time, the ts of the first ack");
        }
        return new Request.From.SinceAll(time[0], topics);
    }

    private static Request.From begin(Envelope envelope) {
        if (envelope.isString(Field.FROM)) {
            String word = envelope.string(Field.FROM, TEXT_MAX);
            return switch (String.valueOf(word)) {
                case "latest" -> new Request.From.Latest();
                case "earliest" -> new Request.From.Earliest();
                default ->
                    throw new Envelope.Fault("from must be latest, earliest, {\"offset\":n} or {\"time\":\"…Z\"}");
            };
        }
        Request.From[] found = new Request.From[1];
        envelope.members(Field.FROM, (name, from, to) -> {
            if (found[0] != null) {
                throw new Envelope.Fault("from must have either offset or time");
            }
            found[0] = switch (name) {
                case "offset" -> new Request.From.Offset(envelope.number("from.offset", from, to, 0, Long.MAX_VALUE));
                case "time" ->
                    new Request.From.Time(time("from.time", envelope.string("from.time", from, to, TEXT_MAX)));
                default ->
                    throw new Envelope.Fault("from has the fields offset or time, not '" + Excerpt.of(name) + "'");
            };
        });
        if (found[0] == null) {
            throw new Envelope.Fault("from must have either offset or time");
        }
        return found[0];
    }

    private static Instant time(String name, String text) {
        try {
            Instant time = Instant.parse(text);
            if (!time.isBefore(TIME_MIN) && time.isBefore(TIME_MAX)) {
                return time;
            }
        } catch (DateTimeException notATime) {
            // told below, like a time that no message can have
        }
        throw new Envelope.Fault(
                name + " must be a time like 2026-01-31T12:00:00.000Z, not '" + Excerpt.of(text) + "'");
    }

    /// Collects `{epoch, offset}`.
    private static final class PositionReader {
        private final String path;
        private @Nullable String epoch;
        private long offset = Long.MIN_VALUE;

        PositionReader(String path) {
            this.path = path;
        }

        void member(Envelope envelope, String name, int from, int to) {
            switch (name) {
                case "epoch" -> epoch = envelope.string(path + ".epoch", from, to, TEXT_MAX);
                case "offset" -> offset = envelope.number(path + ".offset", from, to, -1, Long.MAX_VALUE);
                default ->
                    throw new Envelope.Fault(path + " has the fields epoch and offset, not '" + Excerpt.of(name) + "'");
            }
        }

        Request.Position position() {
            if (epoch == null || offset == Long.MIN_VALUE) {
                throw new Envelope.Fault(path + " needs both epoch and offset");
            }
            return new Request.Position(epoch, offset);
        }
    }

    /// What a message has besides id and payload.
    static void extras(JsonBytes out, Codec.Extras extras) {
        optional(out, "encoding", extras.encoding());
        optional(out, "content_type", extras.contentType());
        optional(out, "type", extras.type());
        optional(out, "key", extras.key());
        if (!extras.headers().isEmpty()) {
            headers(out, extras.headers());
        }
        optional(out, "reply_to", extras.replyTo());
        optional(out, "correlation_id", extras.correlationId());
        if (extras.ttlMillis() > 0) {
            out.raw(",\"ttl_ms\":").number(extras.ttlMillis());
        }
    }

    private static void optional(JsonBytes out, String name, @Nullable String value) {
        if (value != null) {
            out.raw(",\"").raw(name).raw("\":").string(value);
        }
    }

    private static void headers(JsonBytes out, Map<String, String> headers) {
        String separator = ",\"headers\":{";
        for (Map.Entry<String, String> header : headers.entrySet()) {
            out.raw(separator).string(header.getKey()).raw(":").string(header.getValue());
            separator = ",";
        }
        out.raw("}");
    }
}
