package dev.fanfare.protocol;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The flat dialect: greets first, knows no request ids, and the connection is the identity.
public final class FlatCodec implements Codec {

    private static final int TEXT_MAX = 256;
    private static final int LAST_N_MAX = 1000;

    private final Envelope envelope;

    /// @param depthMax how deep a request's JSON may be nested
    public FlatCodec(int depthMax) {
        this.envelope = new Envelope(depthMax);
    }

    @Override
    public Request decode(byte[] text, int from, int to) {
        try {
            envelope.read(text, from, to);
            envelope.check();
            return request();
        } catch (JsonScanner.Malformed notJson) {
            return new Request.Malformed(null, WireError.notJson(notJson));
        } catch (Envelope.Fault fault) {
            return malformed(WireError.Code.BAD_REQUEST, String.valueOf(fault.getMessage()));
        }
    }

    private static Request malformed(WireError.Code code, String message) {
        return new Request.Malformed(null, new WireError(code, message));
    }

    private Request request() {
        if (!envelope.isString(Field.TYPE)) {
            return malformed(
                    WireError.Code.INVALID_MESSAGE,
                    envelope.isObject()
                            ? "Message must have a 'type' that is a string"
                            : "Message must be a JSON object");
        }
        String type = envelope.required(Field.TYPE, TEXT_MAX);
        return switch (type) {
            case "subscribe" -> subscribe();
            case "unsubscribe" -> new Request.Unsubscribe(null, topic(), "");
            case "publish" -> publish();
            case "ping" -> new Request.Ping(null);
            default -> malformed(WireError.Code.UNKNOWN_TYPE, "Unknown message type '" + type + "'");
        };
    }

    private Request subscribe() {
        int count = (int) envelope.number(Field.LAST_N, 0, LAST_N_MAX, 0);
        return new Request.Subscribe(
                null, topic(), "", Members.lastN(count), null, 0, null, null, null, Set.of(), Set.of());
    }

    private Request publish() {
        String topic = topic();
        if (!envelope.has(Field.DATA)) {
            throw new Envelope.Fault("data is required");
        }
        return new Request.Publish(
                null,
                topic,
                null,
                null,
                null,
                Map.of(),
                null,
                null,
                null,
                envelope.copy(Field.DATA),
                null,
                false,
                null);
    }

    private String topic() {
        String topic = envelope.required(Field.TOPIC, TEXT_MAX);
        String fault = TopicNames.flatFault(topic);
        if (fault != null) {
            throw new Envelope.Fault(fault);
        }
        return topic;
    }

    @Override
    public boolean greets() {
        return true;
    }

    @Override
    public boolean sendsHeartbeats() {
        return false;
    }

    @Override
    public boolean authenticates() {
        return false;
    }

    @Override
    public boolean refusesStrayUnsubscribe() {
        return true;
    }

    @Override
    public boolean tellsReceivers() {
        return true;
    }

    @Override
    public void greeting(JsonBytes out, String connectionId) {
        out.raw("{\"type\":\"info\",\"message\":")
                .string("Connected with client_id: " + connectionId)
                .raw("}");
    }

    @Override
    public void subscribed(
            JsonBytes out,
            Request.Subscribe request,
            long millis,
            @Nullable String epoch,
            long offset,
            @Nullable Boolean recovered) {
        ack(out, "subscribe", request.topic(), "Subscribed to topic '" + request.topic() + "'");
    }

    @Override
    public void unsubscribed(JsonBytes out, Request.Unsubscribe request, long millis) {
        ack(out, "unsubscribe", request.topic(), "Unsubscribed from topic '" + request.topic() + "'");
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
        ack(out, "publish", request.topic(), "Published to " + receivers + " subscriber(s)");
    }

    private static void ack(JsonBytes out, String requestType, String topic, String message) {
        out.raw("{\"type\":\"ack\",\"request_type\":\"")
                .raw(requestType)
                .raw("\",\"topic\":")
                .string(topic);
        out.raw(",\"message\":").string(message).raw("}");
    }

    @Override
    public void transacted(JsonBytes out, Request.Transaction request, long millis, List<Placed> results) {
        throw new IllegalStateException("this dialect has no transactions");
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
        throw new IllegalStateException("this dialect delays no messages");
    }

    @Override
    public void replyBegin(JsonBytes out, String requestId, String messageId) {
        throw new IllegalStateException("this dialect has no requests");
    }

    @Override
    public void replyEnd(JsonBytes out, long millis) {
        throw new IllegalStateException("this dialect has no requests");
    }

    @Override
    public void pong(JsonBytes out, @Nullable String requestId, long millis) {
        out.raw("{\"type\":\"pong\"}");
    }

    @Override
    public void error(JsonBytes out, @Nullable String requestId, WireError error, long millis) {
        out.raw("{\"type\":\"error\",\"code\":")
                .string(error.code().flat())
                .raw(",\"message\":")
                .string(error.message());
        if (error.retryAfterMillis() >= 0) {
            out.raw(",\"details\":{\"retry_after_seconds\":")
                    .raw(seconds(error.retryAfterMillis()))
                    .raw("}");
        }
        out.raw("}");
    }

    /// Milliseconds as a decimal number of seconds.
    private static String seconds(long millis) {
        return Double.toString(millis / 1000.0);
    }

    @Override
    public void topicDeleted(JsonBytes out, String topic, long millis) {
        out.raw("{\"type\":\"info\",\"message\":").string("Topic '" + topic + "' was deleted");
        out.raw(",\"details\":{\"topic\":").string(topic).raw("}}");
    }

    @Override
    public void messagesDropped(JsonBytes out, String topic, String clientId, long count, long millis) {
        out.raw("{\"type\":\"info\",\"message\":").string(count + " messages of topic '" + topic + "' were dropped");
        out.raw(",\"details\":{\"topic\":")
                .string(topic)
                .raw(",\"dropped\":")
                .number(count)
                .raw("}}");
    }

    @Override
    public void heartbeat(JsonBytes out, long millis) {
        throw new IllegalStateException("this dialect sends no heartbeats");
    }

    @Override
    public void eventBegin(JsonBytes out, String topic, String messageId) {
        out.raw("{\"type\":\"event\",\"topic\":").string(topic).raw(",\"data\":");
    }

    @Override
    public void eventMiddle(JsonBytes out, String messageId, Extras extras) {
        out.raw(",\"message_id\":").string(messageId).raw("}");
    }

    @Override
    public void eventTail(JsonBytes out, long millis, String epoch, long offset) {
        // nothing: this dialect does not tell where a message stands
    }

    @Override
    public void authenticated(JsonBytes out, @Nullable String requestId, long millis) {
        throw new IllegalStateException("this dialect has no such request");
    }

    @Override
    public void settled(JsonBytes out, String requestId, String topic, long millis) {
        throw notHere();
    }

    @Override
    public void subscriptionEnded(JsonBytes out, String topic, String clientId, WireError error, long millis) {
        error(out, null, error, millis);
    }

    @Override
    public void subscriptionNotice(JsonBytes out, String topic, String clientId, String what, long millis) {
        throw notHere();
    }

    @Override
    public void deliveryBegin(JsonBytes out, String clientId, String subscription) {
        throw notHere();
    }

    private static IllegalStateException notHere() {
        return new IllegalStateException("this dialect does not acknowledge");
    }
}
