package dev.fanfare;

import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What is published: an immutable value. A draft made by a publisher has no place yet ([#offset] is −1); the
/// broker gives it topic, epoch, offset and timestamp.
public final class Message {

    /// The most characters of an id.
    public static final int MAX_ID_LENGTH = 128;

    /// The header by which a reply is known that says that a request could not be answered: its value says why.
    public static final String FAILURE_HEADER = "$failure";

    private static final int UUID_LENGTH = 36;

    // What of the optional parts is stored.
    private static final int FORM_UUID = 1;
    private static final int FORM_TYPE = 2;
    private static final int FORM_KEY = 4;
    private static final int FORM_HEADERS = 8;
    private static final int FORM_REPLY = 16;
    private static final int FORM_TTL = 32;
    private static final int FORM_TURN = 64;

    private final @Nullable String id;
    private final Payload payload;
    private final @Nullable String type;
    private final @Nullable String key;
    private final Map<String, String> headers;
    private final @Nullable String replyTo;
    private final @Nullable String correlationId;
    private final @Nullable Wishes wishes;
    private final String topic;
    private final String epoch;
    private final long offset;
    private final long timestampMillis;

    private Message(
            @Nullable String id,
            Payload payload,
            @Nullable String type,
            @Nullable String key,
            Map<String, String> headers,
            @Nullable String replyTo,
            @Nullable String correlationId,
            @Nullable Wishes wishes,
            String topic,
            String epoch,
            long offset,
            long timestampMillis) {
        if (id != null && id.length() > MAX_ID_LENGTH) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "message id must have at most " + MAX_ID_LENGTH + " characters, not " + id.length());
        }
        this.id = id;
        this.payload = payload;
        this.type = type;
        this.key = key;
        this.headers = headers;
        this.replyTo = replyTo;
        this.correlationId = correlationId;
        this.wishes = wishes;
        this.topic = topic;
        this.epoch = epoch;
        this.offset = offset;
        this.timestampMillis = timestampMillis;
    }

    /// A draft with this payload.
    public static Message of(Payload payload) {
        return new Message(null, payload, null, null, Map.of(), null, null, null, "", "", -1, 0);
    }

    /// A draft with everything a codec has read. `headers` must be immutable.
    public static Message of(
            @Nullable String id,
            @Nullable String type,
            @Nullable String key,
            Map<String, String> headers,
            Payload payload) {
        return new Message(id, payload, type, key, headers, null, null, null, "", "", -1, 0);
    }

    /// A draft whose payload is a text.
    public static Message text(String text) {
        return of(Payload.text(text));
    }

    /// A draft whose payload is a JSON value.
    public static Message json(String json) {
        return of(Payload.json(json));
    }

    /// A reply that says that a request could not be answered; [#failure] tells why.
    public static Message failure(String reason) {
        return text(reason).withHeaders(Map.of(FAILURE_HEADER, reason));
    }

    /// The same draft with this id, at most [#MAX_ID_LENGTH] characters. Without one, or with an empty one, the
    /// broker makes a UUID.
    ///
    /// @throws FanfareException `BAD_REQUEST` for a longer one
    public Message withId(String id) {
        return new Message(
                id, payload, type, key, headers, replyTo, correlationId, wishes, topic, epoch, offset, timestampMillis);
    }

    /// The same draft with this payload.
    public Message withPayload(Payload payload) {
        return new Message(
                id, payload, type, key, headers, replyTo, correlationId, wishes, topic, epoch, offset, timestampMillis);
    }

    /// The same draft with this type.
    public Message withType(String type) {
        return new Message(
                id, payload, type, key, headers, replyTo, correlationId, wishes, topic, epoch, offset, timestampMillis);
    }

    /// The same draft with this key.
    public Message withKey(String key) {
        return new Message(
                id, payload, type, key, headers, replyTo, correlationId, wishes, topic, epoch, offset, timestampMillis);
    }

    /// The same draft with these headers instead of its own.
    public Message withHeaders(Map<String, String> headers) {
        return new Message(
                id,
                payload,
                type,
                key,
                kept(headers),
                replyTo,
                correlationId,
                wishes,
                topic,
                epoch,
                offset,
                timestampMillis);
    }

    /// In their order.
    private static Map<String, String> kept(Map<String, String> headers) {
        Map<String, String> kept = new LinkedHashMap<>();
        headers.forEach((name, value) -> kept.put(Objects.requireNonNull(name), Objects.requireNonNull(value)));
        return Collections.unmodifiableMap(kept);
    }

    /// The same draft with the topic that replies are expected on, and what a reply will be recognised by.
    public Message withReply(@Nullable String replyTo, @Nullable String correlationId) {
        return new Message(
                id, payload, type, key, headers, replyTo, correlationId, wishes, topic, epoch, offset, timestampMillis);
    }

    /// The same draft with a time to live: so long after its timestamp it is not replayed, delivered again or
    /// read any more. Whoever is subscribed when it is appended gets it all the same. Default: for ever.
    ///
    /// @throws FanfareException `BAD_REQUEST` for less than a millisecond or more than 3,650 days
    public Message withTtl(Duration ttl) {
        return wishing((wishes == null ? Wishes.NONE : wishes).withTtl(ttl));
    }

    /// The same message without a time to live: it counts for ever.
    public Message withoutTtl() {
        return ttlMillis() == 0 ? this : wishing(null);
    }

    /// The same draft, to get its place that much later than it is published: instead of any [#withDeliverAt]. Its
    /// timestamp, and with it its time to live, begins then. Until then it is nowhere to be read; if its topic is
    /// deleted or the broker closed meanwhile, it is lost, and counted.
    ///
    /// @throws FanfareException `BAD_REQUEST` for less than nothing or more than 3,650 days
    public Message withDelay(Duration delay) {
        return wishing((wishes == null ? Wishes.NONE : wishes).withDelay(delay));
    }

    /// The same draft, to get its place at that time, or at once if that is past: instead of any [#withDelay], and
    /// otherwise like it. At most 3,650 days ahead, or the publish is refused.
    public Message withDeliverAt(Instant time) {
        return wishing((wishes == null ? Wishes.NONE : wishes).withDeliverAt(time));
    }

    /// The same draft, to be at least that safe before its publisher is answered; what its topic promises holds
    /// in any case. A topic that can't be so safe refuses it.
    public Message withDurability(Durability level) {
        return wishing((wishes == null ? Wishes.NONE : wishes).withDurability(level));
    }

    private Message wishing(@Nullable Wishes changed) {
        return new Message(
                id,
                payload,
                type,
                key,
                headers,
                replyTo,
                correlationId,
                changed,
                topic,
                epoch,
                offset,
                timestampMillis);
    }

    /// The stored form: called by the topic inside its section.
    public Message stored(String id, String topic, String epoch, long offset, long timestampMillis) {
        return stored(id, topic, epoch, offset, timestampMillis, 0);
    }

    /// The same in a topic that shares its order with others.
    ///
    /// @param turn see [#turn]
    public Message stored(String id, String topic, String epoch, long offset, long timestampMillis, int turn) {
        return new Message(
                id,
                payload,
                type,
                key,
                headers,
                replyTo,
                correlationId,
                Wishes.kept(wishes, turn),
                topic,
                epoch,
                offset,
                timestampMillis);
    }

    /// Writes all of it but the topic, the epoch, the offset and the timestamp, for [#readFrom].
    public void writeTo(ByteWriter out) {
        UUID uuid = id == null ? null : uuid(id);
        int form = (uuid == null ? 0 : FORM_UUID)
                | (type == null ? 0 : FORM_TYPE)
                | (key == null ? 0 : FORM_KEY)
                | (headers.isEmpty() ? 0 : FORM_HEADERS)
                | (replyTo == null && correlationId == null ? 0 : FORM_REPLY)
                | (ttlMillis() == 0 ? 0 : FORM_TTL)
                | (turn() == 0 ? 0 : FORM_TURN);
        out.octet(form);
        if (uuid == null) {
            out.text(id());
        } else {
            out.fixed(uuid.getMostSignificantBits()).fixed(uuid.getLeastSignificantBits());
        }
        if (type != null) {
            out.text(type);
        }
        if (key != null) {
            out.text(key);
        }
        if (!headers.isEmpty()) {
            out.number(headers.size());
            headers.forEach((name, value) -> out.text(name).text(value));
        }
        if ((form & FORM_REPLY) != 0) {
            out.optional(replyTo).optional(correlationId);
        }
        if (ttlMillis() != 0) {
            out.number(ttlMillis());
        }
        if (turn() != 0) {
            out.number(turn());
        }
        payload.writeTo(out);
    }

    /// An id that is written as a UUID usually is; null for any other.
    private static @Nullable UUID uuid(String id) {
        if (id.length() != UUID_LENGTH) {
            return null;
        }
        try {
            UUID uuid = UUID.fromString(id);
            return uuid.toString().equals(id) ? uuid : null;
        } catch (IllegalArgumentException other) {
            return null;
        }
    }

    /// Reads what [#writeTo] wrote: a stored message.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    public static Message readFrom(ByteReader in, String topic, String epoch, long offset, long timestampMillis) {
        int form = in.octet();
        String id = (form & FORM_UUID) == 0 ? in.text() : new UUID(in.fixed(), in.fixed()).toString();
        if (id.length() > MAX_ID_LENGTH) {
            throw in.corrupt("an id is too long");
        }
        String type = (form & FORM_TYPE) == 0 ? null : in.text();
        String key = (form & FORM_KEY) == 0 ? null : in.text();
        Map<String, String> headers = (form & FORM_HEADERS) == 0 ? Map.of() : headers(in);
        boolean reply = (form & FORM_REPLY) != 0;
        String replyTo = reply ? in.optional() : null;
        String correlationId = reply ? in.optional() : null;
        long ttl = (form & FORM_TTL) == 0 ? 0 : in.number();
        int turn = (form & FORM_TURN) == 0 ? 0 : in.number(Integer.MAX_VALUE);
        return new Message(
                id,
                Payload.readFrom(in),
                type,
                key,
                headers,
                replyTo,
                correlationId,
                Wishes.stored(ttl, turn),
                topic,
                epoch,
                offset,
                timestampMillis);
    }

    /// Passes over what [#writeTo] wrote.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    public static void skip(ByteReader in) {
        int form = in.octet();
        if ((form & FORM_UUID) == 0) {
            in.skip();
        } else {
            in.fixed();
            in.fixed();
        }
        if ((form & FORM_TYPE) != 0) {
            in.skip();
        }
        if ((form & FORM_KEY) != 0) {
            in.skip();
        }
        if ((form & FORM_HEADERS) != 0) {
            for (long left = 2 * in.number(); left > 0; left--) {
                in.skip();
            }
        }
        if ((form & FORM_REPLY) != 0) {
            in.skipOptional();
            in.skipOptional();
        }
        if ((form & FORM_TTL) != 0) {
            in.number();
        }
        if ((form & FORM_TURN) != 0) {
            in.number();
        }
        Payload.skip(in);
    }

    private static Map<String, String> headers(ByteReader in) {
        long count = in.number();
        Map<String, String> headers = new HashMap<>();
        for (long i = 0; i < count; i++) {
            headers.put(in.text(), in.text());
        }
        return Map.copyOf(headers);
    }

    /// The id; empty for a draft that was given none.
    public String id() {
        return id == null ? "" : id;
    }

    /// What was published.
    public Payload payload() {
        return payload;
    }

    /// The payload as text: [Payload#text].
    public String text() {
        return payload.text();
    }

    /// The kind of event, if the publisher named one.
    public @Nullable String type() {
        return type;
    }

    /// What keeps related messages in order in a group, if the publisher named one.
    public @Nullable String key() {
        return key;
    }

    /// Names and values, immutable.
    public Map<String, String> headers() {
        return headers;
    }

    /// The topic that replies are expected on, if the publisher named one.
    public @Nullable String replyTo() {
        return replyTo;
    }

    /// What a reply is recognised by, if the publisher gave one.
    public @Nullable String correlationId() {
        return correlationId;
    }

    /// Why a request could not be answered, if this is a reply that says so.
    public @Nullable String failure() {
        return headers.get(FAILURE_HEADER);
    }

    /// How long it counts from its timestamp on, in milliseconds; 0 for ever.
    public long ttlMillis() {
        return wishes == null ? 0 : wishes.ttlMillis();
    }

    /// Whether its time to live is over.
    ///
    /// @param nowMillis on the clock that stamped it
    public boolean isExpired(long nowMillis) {
        return wishes != null && wishes.ttlMillis() > 0 && nowMillis - timestampMillis >= wishes.ttlMillis();
    }

    /// Which of the messages with its timestamp it is, of all topics that share one order ([Ordering#GLOBAL]): later
    /// ones have higher turns. 0 for the first, and in other topics.
    public int turn() {
        return wishes == null ? 0 : wishes.turn();
    }

    /// How safe it has to be, at least, before its publisher is answered; `MEMORY` for a stored message.
    public Durability durability() {
        return wishes == null ? Durability.MEMORY : wishes.durability();
    }

    /// Whether it is a draft with [#withDelay] or [#withDeliverAt].
    public boolean isDelayed() {
        return wishes != null && wishes.delays();
    }

    /// When a draft gets its place that is published now, in milliseconds since 1970.
    public long dueMillis(long nowMillis) {
        return wishes == null ? nowMillis : wishes.dueMillis(nowMillis);
    }

    /// The topic; empty for a draft.
    public String topic() {
        return topic;
    }

    /// The lifetime of the topic's log; empty for a draft.
    public String epoch() {
        return epoch;
    }

    /// The place in the topic's log; −1 for a draft.
    public long offset() {
        return offset;
    }

    /// When it was appended, in milliseconds since 1970; never less than that of the message before it in the
    /// topic.
    public long timestampMillis() {
        return timestampMillis;
    }

    /// When it was appended.
    public Instant timestamp() {
        return Instant.ofEpochMilli(timestampMillis);
    }

    @Override
    public String toString() {
        return "Message[" + topic + "/" + offset + " id=" + id() + ", " + payload + "]";
    }
}
