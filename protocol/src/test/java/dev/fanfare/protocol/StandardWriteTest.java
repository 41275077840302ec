package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.Request.From;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What the standard dialect says, to the byte.
class StandardWriteTest {

    private static final long NOW = Instant.parse("2026-01-31T12:00:00.250Z").toEpochMilli();
    private static final String TS = "\"ts\":\"2026-01-31T12:00:00.250Z\"";

    private final StandardCodec codec = new StandardCodec(StandardCodec.MessageIds.UUID, 64);
    private final JsonBytes out = new JsonBytes();

    private static Request.Subscribe subscribe(String requestId) {
        return new Request.Subscribe(
                requestId, "orders", "c", new From.Latest(), null, 0, null, null, null, Set.of(), Set.of());
    }

    private static Request.Publish publish(@Nullable String id) {
        return new Request.Publish(
                "r", "orders", id, null, null, Map.of(), null, null, null, "1".getBytes(UTF_8), null, false, null);
    }

    @Test
    void acksASubscriptionOfATopicWithWhereItBegins() {
        codec.subscribed(out, subscribe("r"), NOW, "e1", 17, null);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_id\":\"r\",\"topic\":\"orders\",\"status\":\"ok\"," + TS
                        + ",\"epoch\":\"e1\",\"offset\":17}");
    }

    @Test
    void acksARecovery() {
        codec.subscribed(out, subscribe("r"), NOW, "e1", 17, true);
        assertThat(out.toString()).endsWith(",\"offset\":17,\"recovered\":true}");
        out.reset();
        codec.subscribed(out, subscribe("r"), NOW, null, 0, false);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_id\":\"r\",\"topic\":\"orders\",\"status\":\"ok\"," + TS
                        + ",\"recovered\":false}");
    }

    @Test
    void leavesOutARequestIdThatWasNotGiven() {
        codec.unsubscribed(out, new Request.Unsubscribe(null, "orders", "c"), NOW);
        assertThat(out).hasToString("{\"type\":\"ack\",\"topic\":\"orders\",\"status\":\"ok\"," + TS + "}");
        out.reset();
        codec.pong(out, null, NOW);
        assertThat(out).hasToString("{\"type\":\"pong\"," + TS + "}");
    }

    @Test
    void tellsAnIdThatTheServerMade() {
        codec.published(out, publish(null), NOW, "made", "e1", 5, "synced", 3);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_id\":\"r\",\"topic\":\"orders\",\"status\":\"ok\"," + TS
                        + ",\"message_id\":\"made\",\"epoch\":\"e1\",\"offset\":5,\"durability\":\"synced\"}");
        out.reset();
        codec.published(out, publish("given"), NOW, "given", "e1", 5, "memory", 3);
        assertThat(out.toString()).doesNotContain("message_id", "given");
    }

    @Test
    void answersAPing() {
        codec.pong(out, "r\"1", NOW);
        assertThat(out).hasToString("{\"type\":\"pong\",\"request_id\":\"r\\\"1\"," + TS + "}");
    }

    @Test
    void tellsAnError() {
        codec.error(out, "r", WireError.badRequest("say \"please\""), NOW);
        assertThat(out)
                .hasToString("{\"type\":\"error\",\"request_id\":\"r\",\"error\":{\"code\":\"BAD_REQUEST\","
                        + "\"message\":\"say \\\"please\\\"\"}," + TS + "}");
        out.reset();
        codec.error(out, null, new WireError(WireError.Code.RATE_LIMITED, "slower", 500), NOW);
        assertThat(out)
                .hasToString("{\"type\":\"error\",\"error\":{\"code\":\"RATE_LIMITED\",\"message\":\"slower\","
                        + "\"retry_after_ms\":500}," + TS + "}");
    }

    @Test
    void tellsWhatHappensToASubscription() {
        codec.topicDeleted(out, "orders", NOW);
        assertThat(out).hasToString("{\"type\":\"info\",\"topic\":\"orders\",\"msg\":\"topic_deleted\"," + TS + "}");
        out.reset();
        codec.messagesDropped(out, "orders.*", "c", 12, NOW);
        assertThat(out)
                .hasToString(
                        "{\"type\":\"info\",\"topic\":\"orders.*\",\"client_id\":\"c\",\"msg\":\"messages_dropped\","
                                + "\"dropped\":12," + TS + "}");
        out.reset();
        codec.heartbeat(out, NOW);
        assertThat(out).hasToString("{\"type\":\"info\",\"msg\":\"ping\"," + TS + "}");
    }

    @Test
    void anEventHasItsFieldsInOrder() {
        codec.eventBegin(out, "orders", "i");
        out.raw("{\"a\":1}");
        codec.eventMiddle(out, "i", Codec.Extras.NONE);
        codec.eventTail(out, NOW, "e1", 9);
        assertThat(out)
                .hasToString(
                        "{\"type\":\"event\",\"topic\":\"orders\",\"message\":{\"id\":\"i\",\"payload\":{\"a\":1}},"
                                + TS + ",\"epoch\":\"e1\",\"offset\":9}");
    }

    @Test
    void anEventCarriesWhatTheMessageHas() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("z", "1");
        headers.put("a\"", "ü");
        codec.eventBegin(out, "t/ü", "i");
        out.base64(new byte[] {1, 2, (byte) 0xFF});
        codec.eventMiddle(
                out,
                "i",
                new Codec.Extras("order", "k", headers, "answers", "c7", 1500, "base64", "application/octet-stream"));
        codec.eventTail(out, NOW, "e1", 0);
        assertThat(out)
                .hasToString("{\"type\":\"event\",\"topic\":\"t/ü\",\"message\":{\"id\":\"i\",\"payload\":\"AQL/\","
                        + "\"encoding\":\"base64\",\"content_type\":\"application/octet-stream\",\"type\":\"order\",\"key\":\"k\","
                        + "\"headers\":{\"z\":\"1\",\"a\\\"\":\"ü\"},\"reply_to\":\"answers\",\"correlation_id\":\"c7\",\"ttl_ms\":1500},"
                        + TS
                        + ",\"epoch\":\"e1\",\"offset\":0}");
    }

    @Test
    void doesNotGreet() {
        assertThat(codec.greets()).isFalse();
        assertThat(codec.sendsHeartbeats()).isTrue();
        assertThat(codec.refusesStrayUnsubscribe()).isFalse();
        assertThat(codec.tellsReceivers()).isFalse();
        assertThatThrownBy(() -> codec.greeting(out, "x")).isInstanceOf(IllegalStateException.class);
    }
}
