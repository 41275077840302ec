package dev.fanfare.protocol;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One dialect: reads what peers say, writes what they hear. Reuses its memory; an instance belongs to one thread.
public interface Codec {

    /// Reads one text message, which must be well-formed UTF-8.
    Request decode(byte[] text, int from, int to);

    /// Whether a connection is greeted before it asks for anything.
    boolean greets();

    /// Whether an idle peer gets text heartbeats.
    boolean sendsHeartbeats();

    /// Whether ending a subscription that does not exist is an error.
    boolean refusesStrayUnsubscribe();

    /// Whether [#published] tells how many subscriptions a message goes to.
    boolean tellsReceivers();

    /// The first words to a new connection, in a dialect that [#greets].
    void greeting(JsonBytes out, String connectionId);

    /// A subscription was made.
    ///
    /// @param epoch of the topic; null for a pattern
    /// @param offset the first that will be delivered; not told for a pattern
    /// @param recovered whether nothing was lost since the position asked for; null if none was
    void subscribed(
            JsonBytes out,
            Request.Subscribe request,
            long millis,
            @Nullable String epoch,
            long offset,
            @Nullable Boolean recovered);

    /// A subscription was ended.
    void unsubscribed(JsonBytes out, Request.Unsubscribe request, long millis);

    /// Deliveries were acknowledged, or refused, as the peer wanted.
    void settled(JsonBytes out, String requestId, String topic, long millis);

    /// Whether a peer may say in a message who it is.
    boolean authenticates();

    /// The peer is who it says, in a dialect that [#authenticates].
    void authenticated(JsonBytes out, @Nullable String requestId, long millis);

    /// A message was appended, or handed to the one who waits for it as a reply: then the epoch is empty.
    ///
    /// @param durability how safe it is
    void published(
            JsonBytes out,
            Request.Publish request,
            long millis,
            String messageId,
            String epoch,
            long offset,
            String durability,
            int receivers);

    /// A transaction was done, in a dialect that has them.
    ///
    /// @param results what became of each message, in the order of the request
    void transacted(JsonBytes out, Request.Transaction request, long millis, List<Placed> results);

    /// Where a message of a transaction has its place.
    ///
    /// @param durability how safe it is, in a word
    record Placed(String messageId, String epoch, long offset, String durability) {}

    /// A message waits for its time, in a dialect that has such messages.
    ///
    /// @param durability how safely it waits
    void scheduled(
            JsonBytes out,
            Request.Publish request,
            long millis,
            String messageId,
            String epoch,
            long dueMillis,
            String durability);

    /// The answer to a ping.
    void pong(JsonBytes out, @Nullable String requestId, long millis);

    /// A request that was not served, or a warning without one.
    void error(JsonBytes out, @Nullable String requestId, WireError error, long millis);

    /// A subscription ended with its topic.
    void topicDeleted(JsonBytes out, String topic, long millis);

    /// A subscription was ended because of an error, the connection not.
    void subscriptionEnded(JsonBytes out, String topic, String clientId, WireError error, long millis);

    /// A subscription was ended for another reason than its topic's end.
    ///
    /// @param what happened, in a word
    void subscriptionNotice(JsonBytes out, String topic, String clientId, String what, long millis);

    /// A subscription lost messages since it was last told.
    void messagesDropped(JsonBytes out, String topic, String clientId, long count, long millis);

    /// A sign of life, in a dialect that [#sendsHeartbeats].
    void heartbeat(JsonBytes out, long millis);

    /// An event up to where the payload is to be written, by whoever has it. Like all three parts of an event it keeps
    /// no state: any thread may call it.
    void eventBegin(JsonBytes out, String topic, String messageId);

    /// A reply up to where the payload is to be written, in a dialect that has requests; [#eventMiddle] follows the
    /// payload, then [#replyEnd].
    void replyBegin(JsonBytes out, String requestId, String messageId);

    /// The rest of a reply.
    void replyEnd(JsonBytes out, long millis);

    /// What follows the payload and does not depend on the message's place in the log.
    void eventMiddle(JsonBytes out, String messageId, Extras extras);

    /// The rest: where the message stands.
    void eventTail(JsonBytes out, long millis, String epoch, long offset);

    /// What stands in the event of a delivery that is to be acknowledged, instead of the brace that ends it: everything
    /// before the number of the attempt, which two braces follow. Keeps no state either.
    void deliveryBegin(JsonBytes out, String clientId, String subscription);

    /// What of a message appears in an event only when there is any.
    ///
    /// @param ttlMillis 0 when it counts for ever
    /// @param encoding of a payload that is written in base64; null when it is JSON or text
    /// @param contentType of such a payload when it is not JSON; else null
    record Extras(
            @Nullable String type,
            @Nullable String key,
            Map<String, String> headers,
            @Nullable String replyTo,
            @Nullable String correlationId,
            long ttlMillis,
            @Nullable String encoding,
            @Nullable String contentType) {

        /// None at all.
        public static final Extras NONE = new Extras(null, null, Map.of(), null, null, 0, null, null);
    }
}
