package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.From;
import dev.fanfare.protocol.Request.Malformed;
import dev.fanfare.protocol.Request.Publish;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the standard dialect understands whatever is asked for, and what it says about the rest.
class StandardDecodeTest extends StandardDecoding {

    @Test
    void readsFromTheMiddleOfABuffer() {
        byte[] text = "###{\"type\":\"ping\",\"request_id\":\"7\"}###".getBytes(UTF_8);
        assertThat(codec.decode(text, 3, text.length - 3)).isEqualTo(new Request.Ping("7"));
        assertThat(codec.decode(text, 3, text.length - 4)).isInstanceOf(Malformed.class);
        assertThat(codec.decode(text, 3, text.length - 2)).isInstanceOf(Malformed.class);
    }

    @Test
    void theOrderOfFieldsDoesNotMatter() {
        Publish publish = (Publish) decode("{\"message\":{\"payload\":1,\"id\":\"" + ID
                + "\"},\"request_id\":\"r\",\"topic\":\"t\",\"type\":\"publish\"}");
        assertThat(publish.topic()).isEqualTo("t");
        assertThat(publish.id()).isEqualTo(ID);
    }

    @Test
    void namesAndWordsMayBeWrittenWithEscapes() {
        Publish publish = (Publish)
                decode("{\"t\\u0079pe\":\"publ\\u0069sh\",\"topic\":\"a\\u002fb\",\"message\":{\"\\u0069d\":\""
                        + ID.replace("5", "\\u0035") + "\",\"payload\":1}}");
        assertThat(publish.topic()).isEqualTo("a/b");
        assertThat(publish.id()).isEqualTo(ID);
        assertThat(refusal("{\"type\":\"ping\",\"t\\u0079pe\":\"ping\"}")).isEqualTo("the field type is given twice");
    }

    @Test
    void unknownFieldsAreIgnored() {
        assertThat(decode("{\"type\":\"ping\",\"x\":1,\"payload\":{},\"id\":3,\"x\":2,\"filters\":[[]]}"))
                .isEqualTo(new Request.Ping(null));
        assertThat(publish("{\"payload\":1,\"topic\":5,\"x\":{\"id\":7}}", "").id())
                .isNull();
    }

    @Test
    void nullIsAbsentButForThePayload() {
        Publish publish = publish(
                "{\"id\":null,\"payload\":null,\"type\":null,\"key\":null,\"headers\":null,\"ttl_ms\":null}",
                ",\"request_id\":null,\"no_ack\":null,\"durability\":null");
        assertThat(publish.id()).isNull();
        assertThat(payload(publish)).isEqualTo("null");
        assertThat(publish.requestId()).isNull();
        assertThat(subscribe("t", ",\"last_n\":null,\"since\":null,\"from\":null,\"filter\":null,\"ack\":null")
                        .from())
                .isEqualTo(new From.Latest());
        assertThat(refusal("{\"type\":null}")).isEqualTo("type is required");
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":null}"))
                .isEqualTo("message is required");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|type is required",
                "{\"type\":5}|type must be a string",
                "{\"type\":\"\"}|type must not be empty",
                "{\"type\":\"shout\"}|unknown type 'shout'; known are subscribe, unsubscribe, publish, ack, nack, request, transaction, auth and ping",
                "[]|a message must be a JSON object",
                "{\"type\":\"auth\"}|auth needs api_key or token, and not both",
                "{\"type\":\"auth\",\"api_key\":\"a\",\"token\":\"b\"}|auth needs api_key or token, and not both",
                "\"ping\"|a message must be a JSON object",
                "{\"type\":\"publish\"}|topic is required",
                "{\"type\":\"publish\",\"topic\":1}|topic must be a string",
                "{\"type\":\"publish\",\"topic\":\"t\"}|message is required",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":\"x\"}|message must be an object",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":[]}|message must be an object",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{}}|message.payload is required; it may be any JSON value, null too",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1},\"no_ack\":\"yes\"}|no_ack must be true or false",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"key\":5}}|message.key must be a string",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":[]}}|message.headers must be an object",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":{\"a\":1}}}|message.headers.a must be a string",
                "{\"type\":\"subscribe\",\"client_id\":\"c\"}|topic is required",
                "{\"type\":\"subscribe\",\"topic\":\"t\"}|client_id is required",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":7}|client_id must be a string",
                "{\"type\":\"unsubscribe\",\"topic\":\"t\"}|client_id is required",
                "{\"type\":\"unsubscribe\",\"client_id\":\"c\"}|topic is required",
                "{\"type\":\"ping\",\"request_id\":1}|request_id must be a string",
            })
    void saysWhichFieldIsWrong(String text, String message) {
        assertThat(refusal(text)).isEqualTo(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"ping\",\"type\":\"ping\"}|type",
                "{\"type\":\"ping\",\"topic\":\"a\",\"topic\":\"a\"}|topic",
                "{\"type\":\"ping\",\"request_id\":null,\"request_id\":\"a\"}|request_id",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"payload\":1}}|message.payload",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1},\"message\":{\"payload\":1}}|message",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":{\"a\":\"1\",\"a\":\"1\"}}}|message.headers.a",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"since\":{\"epoch\":\"e\",\"offset\":1,\"offset\":2}}|since.offset",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"from\":{\"offset\":1,\"offset\":2}}|from.offset",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"batch\":{\"size\":1,\"size\":2,\"linger_ms\":1}}|batch.size",
            })
    void aKnownFieldMayNotBeGivenTwice(String text, String field) {
        assertThat(refusal(text)).isEqualTo("the field " + field + " is given twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"request_id\":\"r\",\"type\":\"shout\"}",
                "{\"type\":\"publish\",\"topic\":7,\"request_id\":\"r\"}",
                "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"id\":\"x\",\"payload\":1},\"request_id\":\"r\"}",
                "{\"request_id\":\"r\"}",
                "{\"request_id\":\"r\",\"type\":",
                "{\"type\":\"ping\",\"request_id\":\"r\" \"topic\":1}",
                "{\"request_id\":\"r\",\"type\":\"ping\"} trailing",
                "{\"request_id\":\"r\",\"type\":\"ping\",\"type\":\"ping\"}",
                "{\"request_id\":\"r\",\"type\":\"ping\",\"request_id\":\"r2\"}",
                "{\"request_id\":\"r\",\"type\":\"transaction\",\"publish\":[]}"
            })
    void aBadRequestIsAnsweredToItsRequestId(String text) {
        assertThat(decode(text))
                .isInstanceOfSatisfying(
                        Malformed.class, bad -> assertThat(bad.requestId()).isEqualTo("r"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "hello",
                "{",
                "{\"type\":\"ping\"",
                "{'type':'ping'}",
                "{\"type\":\"ping\",}",
                "{\"type\":\"ping\"}{}",
                "{\"request_id\":5"
            })
    void whatIsNotJsonIsRefused(String text) {
        assertThat(refusal(text)).startsWith("invalid JSON: expected ").contains(" at byte ");
        assertThat(((Malformed) decode(text)).requestId()).isNull();
    }

    @Test
    void aRequestIdHasAtMost256Characters() {
        assertThat(decode("{\"type\":\"ping\",\"request_id\":\"" + "😀".repeat(256) + "\"}"))
                .isEqualTo(new Request.Ping("😀".repeat(256)));
        assertThat(refusal("{\"type\":\"ping\",\"request_id\":\"" + "x".repeat(257) + "\"}"))
                .isEqualTo("request_id must have at most 256 characters, not 257");
    }

    @Test
    void nestingIsBoundedForTheWholeRequest() {
        String open = "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":";
        assertThat(decode(open + "[".repeat(62) + "]".repeat(62) + "}}")).isInstanceOf(Publish.class);
        assertThat(refusal(open + "[".repeat(63) + "]".repeat(63) + "}}")).startsWith("JSON is nested deeper than 64");
    }

    @Test
    void whatAPeerWroteIsToldBackShortened() {
        assertThat(refusal("{\"type\":\"" + "x".repeat(250) + "\"}")).hasSizeLessThan(400);
        assertThat(refusal(subscription("t", ",\"batch\":{\"" + "x".repeat(10_000) + "\":1}")))
                .hasSizeLessThan(400);
        assertThat(refusal(subscription("a.*", ",\"since\":{\"topics\":{\"" + "x".repeat(10_000) + "\":1}}")))
                .hasSizeLessThan(400);
    }

    @Test
    void oneRequestLeavesNothingToTheNext() {
        decode(
                "{\"type\":\"publish\",\"topic\":\"t\",\"request_id\":\"r\",\"no_ack\":true,\"message\":{\"payload\":1,\"key\":\"k\"}}");
        Publish next = publish("{\"payload\":2}", "");
        assertThat(next.requestId()).isNull();
        assertThat(next.key()).isNull();
        assertThat(next.noAck()).isFalse();
        decode("{\"request_id\":\"r\",\"request_id\":");
        assertThat(decode("{\"type\":\"ping\"}")).isEqualTo(new Request.Ping(null));
    }

    @Test
    void pingAndUnsubscribeAreRead() {
        assertThat(decode(" {\"type\" : \"ping\"} ")).isEqualTo(new Request.Ping(null));
        assertThat(decode("{\"type\":\"unsubscribe\",\"topic\":\"a.*\",\"client_id\":\"c\",\"request_id\":\"r\"}"))
                .isEqualTo(new Request.Unsubscribe("r", "a.*", "c"));
    }
}
