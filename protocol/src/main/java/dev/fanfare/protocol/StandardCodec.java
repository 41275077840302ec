package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The standard dialect.
public final class StandardCodec implements Codec {

    /// Which ids a message may bring along.
    public enum MessageIds {
        /// UUIDs.
        UUID,
        /// Any text of 1 to 128 characters.
        ANY
    }

    private static final int NAME_MAX = 256;
    private static final int ID_MAX = 128;
    private static final int SECRET_MAX = 16 * 1024;
    private static final long TIMEOUT_MAX_MILLIS = 86_400_000;
    private static final String NOT_A_UUID = "message.id must be a valid UUID";
    private static final byte[] PUBLISH = "\"publish\"".getBytes(US_ASCII);

    /// How safe a publisher may ask its message to be.
    public static final List<String> DURABILITIES = List.of("memory", "written", "synced", "replicated");

    private final Envelope envelope;
    private final Supplier<MessageIds> messageIds;
    private final int depthMax;
    private @Nullable Transacting transacting;

    /// @param depthMax how deep a request's JSON may be nested
    public StandardCodec(MessageIds messageIds, int depthMax) {
        this(() -> messageIds, depthMax);
    }

    /// The same where what ids may be changes.
    ///
    /// @param messageIds asked for each message that brings one
    /// @param depthMax how deep a request's JSON may be nested
    public StandardCodec(Supplier<MessageIds> messageIds, int depthMax) {
        this.messageIds = messageIds;
        this.depthMax = depthMax;
        this.envelope = new Envelope(depthMax);
    }

    @Override
    public Request decode(byte[] text, int from, int to) {
        WireError malformed = null;
        try {
            envelope.read(text, from, to);
        } catch (JsonScanner.Malformed notJson) {
            malformed = WireError.notJson(notJson);
        }
        String requestId = null;
        try {
            requestId = envelope.string(Field.REQUEST_ID, NAME_MAX);
            return malformed == null ? request(requestId) : new Request.Malformed(requestId, malformed);
        } catch (Envelope.Fault fault) {
            return new Request.Malformed(
                    requestId,
                    malformed == null ? WireError.badRequest(String.valueOf(fault.getMessage())) : malformed);
        }
    }

    private Request request(@Nullable String requestId) {
        envelope.check();
        if (envelope.is(Field.TYPE, PUBLISH)) {
            return publish(requestId);
        }
        if (!envelope.isObject()) {
            return new Request.Malformed(
                    null, new WireError(WireError.Code.INVALID_MESSAGE, "a message must be a JSON object"));
        }
        String type = envelope.required(Field.TYPE, NAME_MAX);
        return switch (type) {
            case "subscribe" -> subscribe(requestId);
            case "unsubscribe" ->
                new Request.Unsubscribe(requestId, envelope.required(Field.TOPIC, NAME_MAX), clientId());
            case "ping" -> new Request.Ping(requestId);
            case "publish" -> publish(requestId); // written with escapes
            case "request" -> ask(requestId);
            case "ack" -> Acknowledging.ack(envelope, requestId, clientId());
            case "nack" -> Acknowledging.nack(envelope, requestId, clientId());
            case "transaction" -> transacting().read(envelope, requestId);
            case "auth" -> auth(requestId);
            default ->
                new Request.Malformed(
                        requestId,
                        new WireError(
                                WireError.Code.UNKNOWN_TYPE,
                                "unknown type '" + Excerpt.of(type)
                                        + "'; known are subscribe, unsubscribe, publish, ack, nack, request, transaction, auth and ping"));
        };
    }

    private Request auth(@Nullable String requestId) {
        String apiKey = envelope.string(Field.API_KEY, SECRET_MAX);
        String token = envelope.string(Field.TOKEN, SECRET_MAX);
        if ((apiKey == null) == (token == null)) {
            throw new Envelope.Fault("auth needs api_key or token, and not both");
        }
        return new Request.Auth(requestId, apiKey, token);
    }

    /// Rare: made when the first one comes.
    private Transacting transacting() {
        Transacting made = transacting;
        if (made == null) {
            made = new Transacting(new StandardCodec(messageIds, depthMax));
            transacting = made;
        }
        return made;
    }

    /// One message of several, written as a publish is but for what belongs to the whole.
    Request.Publish onePublish(byte[] text, int from, int to) {
        readOne(text, from, to);
        if (envelope.has(Field.NO_ACK)) {
            throw new Envelope.Fault("no_ack is for publish; a transaction is always answered");
        }
        Request.Publish publish = publish(null);
        Request.Timing timing = publish.timing();
        if (timing != null && (timing.delayMillis() > 0 || timing.deliverAt() != null)) {
            throw new Envelope.Fault("a message of a transaction can't be delayed: it becomes visible with the rest");
        }
        return publish;
    }

    /// Some of several deliveries, written as an ack is.
    Request.Deliveries someDeliveries(byte[] text, int from, int to) {
        readOne(text, from, to);
        return Acknowledging.deliveries(envelope, clientId());
    }

    private void readOne(byte[] text, int from, int to) {
        envelope.read(text, from, to);
        envelope.check();
        if (!envelope.isObject()) {
            throw new Envelope.Fault("must be an object");
        }
    }

    private Request ask(@Nullable String requestId) {
        if (requestId == null) {
            throw new Envelope.Fault("request_id is required: replies are known by it");
        }
        if (envelope.has(Field.MESSAGE_REPLY_TO)) {
            throw new Envelope.Fault("message.reply_to of a request is made by the server; leave it out");
        }
        Request.Publish message = publish(requestId);
        if (message.noAck()) {
            throw new Envelope.Fault("no_ack is for publish; a request is answered by its replies");
        }
        if (!envelope.has(Field.TIMEOUT_MS)) {
            throw new Envelope.Fault("timeout_ms is required: how long replies are waited for");
        }
        String replies = envelope.string(Field.REPLIES, NAME_MAX);
        if (replies != null && !replies.equals("first") && !replies.equals("all")) {
            throw new Envelope.Fault("replies must be first or all, not '" + Excerpt.of(replies) + "'");
        }
        return new Request.Ask(
                requestId, message, envelope.number(Field.TIMEOUT_MS, 1, TIMEOUT_MAX_MILLIS, 0), "all".equals(replies));
    }

    private Request.Publish publish(@Nullable String requestId) {
        String topic = envelope.required(Field.TOPIC, NAME_MAX);
        if (!envelope.isObject(Field.MESSAGE)) {
            throw new Envelope.Fault(envelope.has(Field.MESSAGE) ? "message must be an object" : "message is required");
        }
        if (!envelope.has(Field.MESSAGE_PAYLOAD)) {
            throw new Envelope.Fault("message.payload is required; it may be any JSON value, null too");
        }
        return new Request.Publish(
                requestId,
                topic,
                messageId(),
                envelope.repeated(Field.MESSAGE_TYPE, NAME_MAX),
                envelope.string(Field.MESSAGE_KEY, NAME_MAX),
                Members.headers(envelope),
                envelope.string(Field.MESSAGE_REPLY_TO, NAME_MAX),
                envelope.string(Field.MESSAGE_CORRELATION_ID, NAME_MAX),
                Members.timing(envelope),
                envelope.copy(Field.MESSAGE_PAYLOAD),
                Members.encoding(envelope),
                envelope.flag(Field.NO_ACK),
                durability());
    }

    private @Nullable String durability() {
        String asked = envelope.string(Field.DURABILITY, NAME_MAX);
        if (asked != null && !DURABILITIES.contains(asked)) {
            throw new Envelope.Fault("durability must be one of " + String.join(", ", DURABILITIES) + ", not '"
                    + Excerpt.of(asked) + "'");
        }
        return asked;
    }

    private @Nullable String messageId() {
        if (!envelope.has(Field.MESSAGE_ID)) {
            return null;
        }
        boolean uuid = messageIds.get() == MessageIds.UUID;
        if (uuid && !envelope.isString(Field.MESSAGE_ID)) {
            throw new Envelope.Fault(NOT_A_UUID);
        }
        String id = envelope.string(Field.MESSAGE_ID, uuid ? Integer.MAX_VALUE : ID_MAX);
        if (id != null && uuid && !Uuids.isUuid(id)) {
            throw new Envelope.Fault(NOT_A_UUID);
        }
        if (id != null && id.isEmpty()) {
            throw new Envelope.Fault("message.id must not be empty");
        }
        return id;
    }

    private Request subscribe(@Nullable String requestId) {
        String topic = envelope.required(Field.TOPIC, NAME_MAX);
        String clientId = clientId();
        return new Request.Subscribe(
                requestId,
                topic,
                clientId,
                Members.from(envelope, topic.indexOf('*') >= 0),
                Members.overflow(envelope),
                (int) envelope.number(Field.QUEUE, 1, 10_000, 0),
                Members.batch(envelope),
                Acknowledging.manual(envelope),
                Members.filter(envelope),
                Members.types(envelope),
                Members.acceptEncoding(envelope));
    }

    private String clientId() {
        String clientId = envelope.required(Field.CLIENT_ID, NAME_MAX);
        if (clientId.chars().anyMatch(Character::isISOControl)) {
            throw new Envelope.Fault("client_id must not hold control characters");
        }
        return clientId;
    }

    @Override
    public boolean greets() {
        return false;
    }

    @Override
    public boolean sendsHeartbeats() {
        return true;
    }

    @Override
    public boolean authenticates() {
        return true;
    }

    @Override
    public boolean refusesStrayUnsubscribe() {
        return false;
    }

    @Override
    public boolean tellsReceivers() {
        return false;
    }

    @Override
    public void greeting(JsonBytes out, String connectionId) {
        throw new IllegalStateException("this dialect does not greet");
    }

    @Override
    public void subscribed(
            JsonBytes out,
            Request.Subscribe request,
            long millis,
            @Nullable String epoch,
            long offset,
            @Nullable Boolean recovered) {
        ack(out, request.requestId(), request.topic(), millis);
        if (epoch != null) {
            out.raw(",\"epoch\":").string(epoch).raw(",\"offset\":").number(offset);
        }
        if (recovered != null) {
            out.raw(recovered ? ",\"recovered\":true" : ",\"recovered\":false");
        }
        out.raw("}");
    }

    @Override
    public void unsubscribed(JsonBytes out, Request.Unsubscribe request, long millis) {
        ack(out, request.requestId(), request.topic(), millis);
        out.raw("}");
    }

    @Override
    public void settled(JsonBytes out, String requestId, String topic, long millis) {
        ack(out, requestId, topic, millis);
        out.raw("}");
    }

    @Override
    public void authenticated(JsonBytes out, @Nullable String requestId, long millis) {
        begin(out, "ack", requestId);
        out.raw(",\"status\":\"ok\",\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void published(
            JsonBytes out,
            Request.Publish request,
            long millis,
            String messageId,
            String epoch,
            long offset,
            String durability,
            int receivers) {
        ack(out, request.requestId(), request.topic(), millis);
        if (request.id() == null) {
            out.raw(",\"message_id\":").string(messageId);
        }
        if (epoch.isEmpty()) {
            // A reply: handed on, and stored nowhere.
            out.raw("}");
            return;
        }
        out.raw(",\"epoch\":").string(epoch).raw(",\"offset\":").number(offset);
        durabilityEnd(out, durability);
    }

    @Override
    public void transacted(JsonBytes out, Request.Transaction request, long millis, List<Placed> results) {
        begin(out, "ack", request.requestId());
        out.raw(",\"status\":\"ok\",\"ts\":").timestamp(millis).raw(",\"results\":[");
        for (int i = 0; i < results.size(); i++) {
            Placed placed = results.get(i);
            out.raw(i == 0 ? "{\"topic\":" : ",{\"topic\":")
                    .string(request.publishes().get(i).topic());
            out.raw(",\"message_id\":").string(placed.messageId());
            out.raw(",\"epoch\":").string(placed.epoch());
            out.raw(",\"offset\":").number(placed.offset());
            out.raw(",\"durability\":").string(placed.durability()).raw("}");
        }
        out.raw("]}");
    }

    @Override
    public void scheduled(
            JsonBytes out,
            Request.Publish request,
            long millis,
            String messageId,
            String epoch,
            long dueMillis,
            String durability) {
        ack(out, request.requestId(), request.topic(), millis);
        if (request.id() == null) {
            out.raw(",\"message_id\":").string(messageId);
        }
        out.raw(",\"epoch\":").string(epoch);
        out.raw(",\"scheduled\":").timestamp(dueMillis);
        durabilityEnd(out, durability);
    }

    private static void durabilityEnd(JsonBytes out, String durability) {
        out.raw(",\"durability\":\"").raw(durability).raw("\"}");
    }

    private static void ack(JsonBytes out, @Nullable String requestId, String topic, long millis) {
        begin(out, "ack", requestId);
        out.raw(",\"topic\":").string(topic).raw(",\"status\":\"ok\",\"ts\":").timestamp(millis);
    }

    private static void begin(JsonBytes out, String type, @Nullable String requestId) {
        out.raw("{\"type\":\"").raw(type).raw("\"");
        if (requestId != null) {
            out.raw(",\"request_id\":").string(requestId);
        }
    }

    @Override
    public void pong(JsonBytes out, @Nullable String requestId, long millis) {
        begin(out, "pong", requestId);
        out.raw(",\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void error(JsonBytes out, @Nullable String requestId, WireError error, long millis) {
        begin(out, "error", requestId);
        errorEnd(out, error, millis);
    }

    private static void errorEnd(JsonBytes out, WireError error, long millis) {
        out.raw(",\"error\":{\"code\":")
                .string(error.code().standard())
                .raw(",\"message\":")
                .string(error.message());
        if (error.retryAfterMillis() >= 0) {
            out.raw(",\"retry_after_ms\":").number(error.retryAfterMillis());
        }
        out.raw("},\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void topicDeleted(JsonBytes out, String topic, long millis) {
        out.raw("{\"type\":\"info\",\"topic\":")
                .string(topic)
                .raw(",\"msg\":\"topic_deleted\",\"ts\":")
                .timestamp(millis)
                .raw("}");
    }

    @Override
    public void subscriptionEnded(JsonBytes out, String topic, String clientId, WireError error, long millis) {
        out.raw("{\"type\":\"error\",\"topic\":").string(topic);
        out.raw(",\"client_id\":").string(clientId);
        errorEnd(out, error, millis);
    }

    @Override
    public void subscriptionNotice(JsonBytes out, String topic, String clientId, String what, long millis) {
        out.raw("{\"type\":\"info\",\"topic\":").string(topic);
        out.raw(",\"client_id\":").string(clientId).raw(",\"msg\":").string(what);
        out.raw(",\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void messagesDropped(JsonBytes out, String topic, String clientId, long count, long millis) {
        out.raw("{\"type\":\"info\",\"topic\":")
                .string(topic)
                .raw(",\"client_id\":")
                .string(clientId);
        out.raw(",\"msg\":\"messages_dropped\",\"dropped\":")
                .number(count)
                .raw(",\"ts\":")
                .timestamp(millis)
                .raw("}");
    }

    @Override
    public void heartbeat(JsonBytes out, long millis) {
        out.raw("{\"type\":\"info\",\"msg\":\"ping\",\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void eventBegin(JsonBytes out, String topic, String messageId) {
        out.raw("{\"type\":\"event\",\"topic\":")
                .string(topic)
                .raw(",\"message\":{\"id\":")
                .string(messageId);
        out.raw(",\"payload\":");
    }

    @Override
    public void replyBegin(JsonBytes out, String requestId, String messageId) {
        begin(out, "reply", requestId);
        out.raw(",\"message\":{\"id\":").string(messageId).raw(",\"payload\":");
    }

    @Override
    public void replyEnd(JsonBytes out, long millis) {
        out.raw(",\"ts\":").timestamp(millis).raw("}");
    }

    @Override
    public void eventMiddle(JsonBytes out, String messageId, Extras extras) {
        if (extras != Extras.NONE) {
            Members.extras(out, extras);
        }
        out.raw("}");
    }

    @Override
    public void eventTail(JsonBytes out, long millis, String epoch, long offset) {
        out.raw(",\"ts\":").timestamp(millis).raw(",\"epoch\":").string(epoch);
        out.raw(",\"offset\":").number(offset).raw("}");
    }

    @Override
    public void deliveryBegin(JsonBytes out, String clientId, String subscription) {
        out.raw(",\"delivery\":{\"client_id\":").string(clientId);
        out.raw(",\"subscription\":").string(subscription).raw(",\"attempt\":");
    }
}
