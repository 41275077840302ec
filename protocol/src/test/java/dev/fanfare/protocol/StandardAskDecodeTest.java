package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reading requests that wait for replies.
class StandardAskDecodeTest {

    private final Codec codec = new StandardCodec(StandardCodec.MessageIds.UUID, JsonScanner.DEPTH_MAX);

    private Request decode(String text) {
        return StandardDecoding.decode(codec, text);
    }

    private String refusal(String text) {
        return StandardDecoding.refusal(decode(text));
    }

    private static String ask(String more) {
        return "{\"type\":\"request\",\"topic\":\"t\",\"message\":{\"payload\":1},\"request_id\":\"r\"" + more + "}";
    }

    @Test
    void itHasATimeoutAndWaitsForTheFirstReplyOrForAll() {
        Request.Ask first = (Request.Ask) decode(ask(",\"timeout_ms\":5"));
        assertThat(first.requestId()).isEqualTo("r");
        assertThat(first.timeoutMillis()).isEqualTo(5);
        assertThat(first.all()).isFalse();
        assertThat(first.message().topic()).isEqualTo("t");
        assertThat(((Request.Ask) decode(ask(",\"timeout_ms\":5,\"replies\":\"first\""))).all())
                .isFalse();
        assertThat(((Request.Ask) decode(ask(",\"timeout_ms\":86400000,\"replies\":\"all\""))).all())
                .isTrue();
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThat(refusal(ask(""))).startsWith("timeout_ms is required");
        assertThat(refusal("{\"type\":\"request\",\"topic\":\"t\",\"message\":{\"payload\":1},\"timeout_ms\":5}"))
                .startsWith("request_id is required");
        assertThat(refusal("{\"type\":\"request\",\"message\":{\"payload\":1},\"timeout_ms\":5,\"request_id\":\"r\"}"))
                .isEqualTo("topic is required");
        assertThat(refusal("{\"type\":\"request\",\"topic\":\"t\",\"timeout_ms\":5,\"request_id\":\"r\"}"))
                .isEqualTo("message is required");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1.5", "1e3", "86400001", "9223372036854775808", "\"5\"", "true", "[]", "{}"})
    void aTimeoutIsAWholeNumberOfMillisecondsUpToADay(String value) {
        assertThat(refusal(ask(",\"timeout_ms\":" + value)))
                .isEqualTo("timeout_ms must be a whole number from 1 to 86400000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\"some\"", "\"ALL\"", "1", "true", "[]", "{}", "\"\\ud800\""})
    void repliesAreFirstOrAll(String value) {
        assertThat(refusal(ask(",\"timeout_ms\":5,\"replies\":" + value))).startsWith("replies must be ");
    }

    @Test
    void whatARequestCanNotHaveIsRefused() {
        assertThat(refusal("{\"type\":\"request\",\"topic\":\"t\",\"message\":{\"payload\":1,\"reply_to\":\"x\"},"
                        + "\"timeout_ms\":5,\"request_id\":\"r\"}"))
                .startsWith("message.reply_to of a request");
        assertThat(refusal(ask(",\"timeout_ms\":5,\"no_ack\":true"))).startsWith("no_ack is for publish");
        assertThat(refusal(ask(",\"timeout_ms\":5,\"timeout_ms\":6"))).isEqualTo("the field timeout_ms is given twice");
    }
}
