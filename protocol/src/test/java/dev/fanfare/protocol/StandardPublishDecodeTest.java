package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.Publish;
import dev.fanfare.protocol.Request.Timing;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a publish of the standard dialect may carry, and what is said about the rest.
class StandardPublishDecodeTest extends StandardDecoding {

    @Test
    void readsAPublish() {
        Publish publish = publish("{\"id\":\"" + ID + "\",\"payload\":{\"a\": [1, \"é\"]}}", ",\"request_id\":\"r1\"");
        assertThat(publish.requestId()).isEqualTo("r1");
        assertThat(publish.topic()).isEqualTo("orders");
        assertThat(publish.id()).isEqualTo(ID);
        assertThat(payload(publish)).isEqualTo("{\"a\": [1, \"é\"]}");
        assertThat(publish.type()).isNull();
        assertThat(publish.key()).isNull();
        assertThat(publish.headers()).isEmpty();
        assertThat(publish.replyTo()).isNull();
        assertThat(publish.correlationId()).isNull();
        assertThat(publish.noAck()).isFalse();
    }

    @Test
    void readsEverythingAMessageMayCarry() {
        Publish publish = publish(
                "{\"payload\":1,\"type\":\"order.created\",\"key\":\"k\",\"headers\":{\"z\":\"1\",\"a\":\"2\",\"m\":null},"
                        + "\"reply_to\":\"answers\",\"correlation_id\":\"c7\"}",
                ",\"no_ack\":true,\"durability\":\"memory\"");
        assertThat(publish.requestId()).isNull();
        assertThat(publish.id()).isNull();
        assertThat(publish.type()).isEqualTo("order.created");
        assertThat(publish.key()).isEqualTo("k");
        assertThat(publish.headers()).containsExactly(Map.entry("z", "1"), Map.entry("a", "2"));
        assertThat(publish.replyTo()).isEqualTo("answers");
        assertThat(publish.correlationId()).isEqualTo("c7");
        assertThat(publish.noAck()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "0",
                "-1.5e3",
                "\"\"",
                "\"a\\nb\"",
                "[]",
                "{}",
                "[1, {\"payload\": 2}]",
                "{\"x\":1,\"x\":2}"
            })
    void aPayloadIsAnyJsonAsItWasWritten(String payload) {
        assertThat(payload(publish("{ \"payload\" : " + payload + " }", ""))).isEqualTo(payload);
    }

    @Test
    void aPayloadHasAnArrayOfItsOwn() {
        byte[] text = "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":\"abc\"}}".getBytes(UTF_8);
        Publish publish = (Publish) codec.decode(text, 0, text.length);
        Arrays.fill(text, (byte) 'x');
        assertThat(payload(publish)).isEqualTo("\"abc\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"1\"",
                "\"\"",
                "5",
                "{}",
                "true",
                "\"550e8400e29b41d4a716446655440000\"",
                "\"{550e8400-e29b-41d4-a716-446655440000}\"",
                "\"550e8400-e29b-41d4-a716-44665544000g\"",
                "\"550e8400-e29b-41d4-a716-4466554400000\"",
                "\"550e8400-e29b-41d4-a716+446655440000\"",
                "\"\u0135\u0135\u0130e8400-e29b-41d4-a716-446655440000\"",
                "\"550e8400-e29b-41d4-a716-44665544\\u013000\""
            })
    void anIdMustBeAUuid(String id) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"id\":" + id + ",\"payload\":1}}"))
                .isEqualTo("message.id must be a valid UUID");
    }

    @Test
    void aUuidMayBeInUpperCase() {
        assertThat(publish("{\"id\":\"550E8400-E29B-41D4-A716-44665544000F\",\"payload\":1}", "")
                        .id())
                .isEqualTo("550E8400-E29B-41D4-A716-44665544000F");
    }

    @Test
    void whereAnyIdWillDoItHasOneTo128Characters() {
        String publish = "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"id\":";
        assertThat(((Publish) decode(anyId, publish + "\"№ 1\"}}")).id()).isEqualTo("№ 1");
        assertThat(((Publish) decode(anyId, publish + "\"" + "😀".repeat(128) + "\"}}")).id())
                .hasSize(256);
        assertThat(refusal(decode(anyId, publish + "\"" + "x".repeat(129) + "\"}}")))
                .isEqualTo("message.id must have at most 128 characters, not 129");
        assertThat(refusal(decode(anyId, publish + "\"\"}}"))).isEqualTo("message.id must not be empty");
        assertThat(refusal(decode(anyId, publish + "7}}"))).isEqualTo("message.id must be a string");
    }

    @Test
    void aMessageMayGoOutLater() {
        assertThat(publish("{\"payload\":1,\"delay_ms\":5}", "").timing()).isEqualTo(new Timing(0, 5, null));
        assertThat(publish("{\"payload\":1,\"delay_ms\":0,\"ttl_ms\":7}", "").timing())
                .isEqualTo(new Timing(7, 0, null));
        assertThat(publish("{\"payload\":1,\"deliver_at\":\"2026-01-31T12:00:00.5Z\"}", "")
                        .timing())
                .isEqualTo(new Timing(0, 0, Instant.parse("2026-01-31T12:00:00.5Z")));
        assertThat(publish("{\"payload\":1,\"deliver_at\":null,\"delay_ms\":null}", "")
                        .timing())
                .isNull();
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":1,"
                        + "\"deliver_at\":\"2026-01-31T12:00:00Z\"}}"))
                .isEqualTo("message.delay_ms and message.deliver_at exclude each other");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "0.5", "1e2", "315360000001", "99999999999999999999", "\"5\"", "false", "[5]", "{}"})
    void aDelayIsAWholeNumberOfMilliseconds(String value) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":" + value
                        + "}}"))
                .isEqualTo("message.delay_ms must be a whole number from 0 to 315360000000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5",
                "true",
                "[]",
                "{}",
                "\"\"",
                "\"tomorrow\"",
                "\"2026-01-31\"",
                "\"2026-01-31T12:00:00\"",
                "\"2026-02-30T12:00:00Z\"",
                "\"1969-12-31T23:59:59Z\"",
                "\"+1000000000-12-31T23:59:59.999999999Z\"",
                "\"\\ud800\""
            })
    void aTimeToGoOutIsATime(String value) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"deliver_at\":" + value
                        + "}}"))
                .startsWith("message.deliver_at must be ");
    }

    @Test
    void aMessageMayCountForAWhileOnly() {
        assertThat(publish("{\"payload\":1,\"ttl_ms\":1500}", "").timing()).isEqualTo(new Timing(1500, 0, null));
        assertThat(publish("{\"payload\":1,\"ttl_ms\":null}", "").timing()).isNull();
        assertThat(publish("{\"payload\":1}", "").timing()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "1.5",
                "1e3",
                "315360000001",
                "9223372036854775808",
                "\"1\"",
                "true",
                "[]",
                "{}",
                "\"\\ud800\""
            })
    void aTimeToLiveIsAWholeNumberOfMilliseconds(String value) {
        assertThat(refusal(
                        "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"ttl_ms\":" + value + "}}"))
                .isEqualTo("message.ttl_ms must be a whole number from 1 to 315360000000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory", "written", "synced", "replicated"})
    void aPublisherMaySayHowSafeItsMessageHasToBe(String durability) {
        Publish publish = publish("{\"payload\":1}", ",\"durability\":\"" + durability + "\"");
        assertThat(publish.durability()).isEqualTo(durability);
    }

    @ParameterizedTest
    @ValueSource(strings = {"eternal", "Memory", ""})
    void aDurabilityThatThereIsNotIsRefused(String durability) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1},\"durability\":\""
                        + durability + "\"}"))
                .isEqualTo("durability must be one of memory, written, synced, replicated, not '" + durability + "'");
    }

    @Test
    void headersAreBounded() {
        StringBuilder headers = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            headers.append(i == 0 ? "" : ",").append("\"h").append(i).append("\":\"v\"");
        }
        assertThat(publish("{\"payload\":1,\"headers\":{" + headers + "}}", "").headers())
                .hasSize(64);
        String open = "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":{";
        assertThat(refusal(open + headers + ",\"x\":\"v\"}}}"))
                .isEqualTo("message.headers must have at most 64 names of at most 256 characters");
        assertThat(refusal(open + "\"" + "n".repeat(257) + "\":\"v\"}}}"))
                .isEqualTo("message.headers must have at most 64 names of at most 256 characters");
        assertThat(refusal(open + "\"n\":\"" + "v".repeat(4097) + "\"}}}"))
                .isEqualTo("message.headers.n must have at most 4096 characters, not 4097");
    }

    @Test
    void nobodyWritesTheHeadersOfADeadLetter() {
        String open = "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":{";
        for (String name : new String[] {"dead-letter-topic", "dead-letter-", "dead\\u002dletter-at"}) {
            assertThat(refusal(open + "\"" + name + "\":\"v\"}}}"))
                    .contains("headers that begin with 'dead-letter-' belong to the broker");
        }
        assertThat(publish("{\"payload\":1,\"headers\":{\"dead-letter\":\"v\"}}", "")
                        .headers())
                .hasSize(1);
    }

    @Test
    void aTopicThatComesAgainIsTheSameString() {
        assertThat(publish("{\"payload\":1}", "").topic())
                .isSameAs(publish("{\"payload\":2}", "").topic());
    }
}
