package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.From;
import dev.fanfare.protocol.Request.Position;
import dev.fanfare.protocol.Request.Subscribe;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where and how a subscription of the standard dialect may begin, and what is said about the rest.
class StandardSubscribeDecodeTest extends StandardDecoding {

    @Test
    void aSubscriptionSaysWhichMessagesItWants() {
        Subscribe wanted = subscribe(
                "t", ",\"filter\":\"message.payload.a == \\\"x\\\"\",\"types\":[\"order.created\",\"o\",\"o\"]");
        assertThat(wanted.filter()).isEqualTo("message.payload.a == \"x\"");
        assertThat(wanted.types()).containsExactly("order.created", "o");
        assertThat(subscribe("t", ",\"filter\":null,\"types\":null"))
                .extracting(Subscribe::filter, Subscribe::types)
                .containsExactly(null, Set.of());
        // Whatever else it asks for.
        assertThat(subscribe(
                                "a.*",
                                ",\"filter\":\"true\",\"types\":[\"o\"],\"last_n\":5,\"ack\":\"manual\",\"durable\":\"d\"")
                        .filter())
                .isEqualTo("true");
        assertThat(subscribe("t", ",\"filter\":\"true\",\"queue\":5,\"batch\":{\"size\":1,\"linger_ms\":1}")
                        .filter())
                .isEqualTo("true");
    }

    @Test
    void whatIsWantedIsBounded() {
        String most = "\"" + "x".repeat(256) + "\"";
        assertThat(subscribe("t", ",\"types\":[" + most + ("," + most).repeat(99) + "]")
                        .types())
                .hasSize(1);
        assertThat(refusal(subscription("t", ",\"types\":[" + most + ("," + most).repeat(100) + "]")))
                .isEqualTo("types must have at most 100 elements");
        assertThat(subscribe("t", ",\"filter\":\"" + "é".repeat(4096) + "\"").filter())
                .hasSize(4096);
        assertThat(refusal(subscription("t", ",\"filter\":\"" + "é".repeat(4097) + "\"")))
                .isEqualTo("filter must have at most 4096 characters, not 4097");
    }

    @Test
    void readsASubscribe() {
        Subscribe plain = subscribe("orders", "");
        assertThat(plain)
                .isEqualTo(new Subscribe(
                        null, "orders", "c", new From.Latest(), null, 0, null, null, null, Set.of(), Set.of()));
        Subscribe full = subscribe(
                "orders",
                ",\"request_id\":\"r\",\"overflow\":\"disconnect\",\"queue\":7,\"batch\":{\"size\":10,\"linger_ms\":20}");
        assertThat(full)
                .isEqualTo(new Subscribe(
                        "r",
                        "orders",
                        "c",
                        new From.Latest(),
                        "disconnect",
                        7,
                        new Request.Batch(10, Duration.ofMillis(20)),
                        null,
                        null,
                        Set.of(),
                        Set.of()));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1,1", "100,100", "2147483648,2147483647", "9223372036854775807,2147483647"})
    void lastNIsAnyWholeNumber(String given, int count) {
        assertThat(subscribe("t", ",\"last_n\":" + given).from())
                .isEqualTo(count == 0 ? new From.Latest() : new From.LastN(count));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1",
                "1.5",
                "1.0",
                "1e2",
                "\"5\"",
                "true",
                "[]",
                "{}",
                "9223372036854775808",
                "-9223372036854775809"
            })
    void lastNIsNothingElse(String given) {
        assertThat(refusal(subscription("t", ",\"last_n\":" + given)))
                .isEqualTo("last_n must be a whole number of at least 0");
    }

    @Test
    void aSubscriptionBeginsWhereItIsToldTo() {
        assertThat(subscribe("t", ",\"from\":\"latest\"").from()).isEqualTo(new From.Latest());
        assertThat(subscribe("t", ",\"from\":\"earliest\"").from()).isEqualTo(new From.Earliest());
        assertThat(subscribe("t", ",\"from\":{\"offset\":17}").from()).isEqualTo(new From.Offset(17));
        assertThat(subscribe("t", ",\"from\":{\"time\":\"2026-01-31T12:00:00.250Z\"}")
                        .from())
                .isEqualTo(new From.Time(Instant.parse("2026-01-31T12:00:00.250Z")));
        assertThat(subscribe("t", ",\"since\":{\"epoch\":\"e1\",\"offset\":-1}").from())
                .isEqualTo(new From.Since(new Position("e1", -1)));
        assertThat(subscribe(
                                "a.*",
                                ",\"since\":{\"time\":\"2026-01-31T12:00:00Z\",\"topics\":{\"a.b\":{\"offset\":3,\"epoch\":\"e\"}}}")
                        .from())
                .isEqualTo(
                        new From.SinceAll(Instant.parse("2026-01-31T12:00:00Z"), Map.of("a.b", new Position("e", 3))));
        assertThat(subscribe("a.*", ",\"since\":{\"time\":\"2026-01-31T12:00:00Z\"}")
                        .from())
                .isEqualTo(new From.SinceAll(Instant.parse("2026-01-31T12:00:00Z"), Map.of()));
    }

    @Test
    void aCircuitBreakerIsWhatItSaysAndElseTheDefault() {
        assertThat(breaker("{}"))
                .isEqualTo(new Request.Breaker(50, Duration.ZERO, 100, 20, 100, Duration.ofSeconds(30), 5));
        assertThat(breaker("{\"window\":7}").minimumCalls()).isEqualTo(7);
        assertThat(breaker("{\"failure_rate\":1,\"slow_call_ms\":2,\"slow_call_rate\":3,\"minimum_calls\":4,"
                        + "\"window\":5,\"wait_ms\":6,\"trial_calls\":7}"))
                .isEqualTo(new Request.Breaker(1, Duration.ofMillis(2), 3, 4, 5, Duration.ofMillis(6), 7));
        assertThat(manual("").breaker()).isNull();
        assertThat(refusal(subscription("t", ",\"group\":\"g\",\"circuit_breaker\":{}")))
                .isEqualTo("circuit_breaker needs ack: \"manual\"");
    }

    @Test
    void retriesOrderAndExpiryAreWhatTheySayAndElseTheDefault() {
        assertThat(manual("").retry())
                .isEqualTo(new Request.Retry(5, Duration.ofSeconds(1), 2, Duration.ofMinutes(1), 0));
        assertThat(manual(",\"retry\":{\"max_attempts\":3,\"backoff_ms\":5,\"multiplier\":1.5,\"max_backoff_ms\":7,"
                                + "\"jitter\":0.25}")
                        .retry())
                .isEqualTo(new Request.Retry(3, Duration.ofMillis(5), 1.5, Duration.ofMillis(7), 0.25));
        assertThat(manual("").ordered()).isFalse();
        assertThat(manual(",\"ordered\":true").ordered()).isTrue();
        assertThat(manual("").buriesExpired()).isFalse();
        assertThat(manual(",\"expired\":\"dead_letter\"").buriesExpired()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"ack\":\"manual\",\"retry\":{\"jitter\":1.1}|retry.jitter must be a number from 0.0 to 1.0",
                "\"ack\":\"manual\",\"retry\":{\"jitter\":-0.1}|retry.jitter must be a number from 0.0 to 1.0",
                "\"ack\":\"manual\",\"retry\":{\"jitter\":\"0\"}|retry.jitter must be a number from 0.0 to 1.0",
                "\"ack\":\"manual\",\"retry\":{\"jiter\":0}|retry has the fields max_attempts, backoff_ms, multiplier, max_backoff_ms and jitter, not 'jiter'",
                "\"ack\":\"manual\",\"ordered\":1|ordered must be true or false",
                "\"ordered\":true|ordered needs ack: \"manual\"",
                "\"ack\":\"manual\",\"expired\":true|expired must be a string",
                "\"ack\":\"manual\",\"expired\":\"drop\"|expired must be dead_letter, not 'drop'; leave it out to have such messages only counted",
                "\"group\":\"g\",\"expired\":\"dead_letter\"|expired needs ack: \"manual\""
            })
    void saysWhatIsWrongWithRetriesOrderAndExpiry(String more, String message) {
        assertThat(refusal(subscription("t", "," + more))).isEqualTo(message);
    }

    private Request.Manual manual(String more) {
        return Objects.requireNonNull(
                subscribe("t", ",\"ack\":\"manual\"" + more).manual());
    }

    private Request.Breaker breaker(String given) {
        return Objects.requireNonNull(manual(",\"circuit_breaker\":" + given).breaker());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "5|circuit_breaker must be an object",
                "[]|circuit_breaker must be an object",
                "true|circuit_breaker must be an object",
                "{\"failure_rate\":0}|circuit_breaker.failure_rate must be a whole number from 1 to 100",
                "{\"failure_rate\":101}|circuit_breaker.failure_rate must be a whole number from 1 to 100",
                "{\"failure_rate\":50.5}|circuit_breaker.failure_rate must be a whole number from 1 to 100",
                "{\"failure_rate\":\"50\"}|circuit_breaker.failure_rate must be a whole number from 1 to 100",
                "{\"slow_call_ms\":-1}|circuit_breaker.slow_call_ms must be a whole number from 0 to 604800000",
                "{\"slow_call_ms\":1e99}|circuit_breaker.slow_call_ms must be a whole number from 0 to 604800000",
                "{\"slow_call_rate\":0}|circuit_breaker.slow_call_rate must be a whole number from 1 to 100",
                "{\"minimum_calls\":0}|circuit_breaker.minimum_calls must be a whole number from 1 to 10000",
                "{\"window\":10001}|circuit_breaker.window must be a whole number from 1 to 10000",
                "{\"window\":5,\"minimum_calls\":6}|circuit_breaker.minimum_calls must be at most the window, 5, not 6",
                "{\"wait_ms\":0}|circuit_breaker.wait_ms must be a whole number from 1 to 604800000",
                "{\"trial_calls\":0}|circuit_breaker.trial_calls must be a whole number from 1 to 10000",
                "{\"wait_ms\":99999999999999999999}|circuit_breaker.wait_ms must be a whole number from 1 to 604800000",
                "{\"x\":1}|circuit_breaker has the fields failure_rate, slow_call_ms, slow_call_rate, minimum_calls, window, wait_ms and trial_calls, not 'x'",
            })
    void saysWhatIsWrongWithACircuitBreaker(String given, String message) {
        assertThat(refusal(subscription("t", ",\"ack\":\"manual\",\"circuit_breaker\":" + given)))
                .isEqualTo(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "t|\"since\":{\"epoch\":\"e\",\"offset\":1},\"last_n\":1|since, from and last_n exclude each other",
                "t|\"from\":\"latest\",\"last_n\":0|since, from and last_n exclude each other",
                "t|\"from\":\"latest\",\"since\":{\"epoch\":\"e\",\"offset\":1}|since, from and last_n exclude each other",
                "t|\"since\":5|since must be an object",
                "t|\"since\":{}|since needs both epoch and offset",
                "t|\"since\":{\"epoch\":\"e\"}|since needs both epoch and offset",
                "t|\"since\":{\"epoch\":5,\"offset\":1}|since.epoch must be a string",
                "t|\"since\":{\"epoch\":\"e\",\"offset\":-2}|since.offset must be a whole number of at least -1",
                "t|\"since\":{\"epoch\":\"e\",\"offset\":1,\"x\":1}|since has the fields epoch and offset, not 'x'",
                "t|\"since\":{\"time\":\"2026-01-31T12:00:00Z\"}|since has the fields epoch and offset, not 'time'",
                "a.*|\"since\":{\"epoch\":\"e\",\"offset\":1}|since on a pattern has the fields time and topics, not 'epoch'",
                "a.*|\"since\":{\"topics\":{}}|since on a pattern needs time, the ts of the first ack",
                "a.*|\"since\":{\"time\":\"2026-01-31T12:00:00Z\",\"topics\":{\"x\":5}}|since.topics.x must be an object",
                "a.*|\"since\":{\"time\":\"2026-01-31T12:00:00Z\",\"topics\":{\"x\":{\"epoch\":\"e\"}}}|since.topics.x needs both epoch and offset",
                "t|\"from\":\"newest\"|from must be latest, earliest, {\"offset\":n} or {\"time\":\"…Z\"}",
                "t|\"from\":5|from must be an object",
                "t|\"from\":{}|from must have either offset or time",
                "t|\"from\":{\"offset\":1,\"time\":\"2026-01-31T12:00:00Z\"}|from must have either offset or time",
                "t|\"from\":{\"offset\":-1}|from.offset must be a whole number of at least 0",
                "t|\"from\":{\"time\":\"yesterday\"}|from.time must be a time like 2026-01-31T12:00:00.000Z, not 'yesterday'",
                "t|\"from\":{\"time\":\"1969-12-31T23:59:59Z\"}|from.time must be a time like 2026-01-31T12:00:00.000Z, not '1969-12-31T23:59:59Z'",
                "t|\"from\":{\"time\":\"+999999999-12-31T23:59:59Z\"}|from.time must be a time like 2026-01-31T12:00:00.000Z, not '+999999999-12-31T23:59:59Z'",
                "t|\"overflow\":\"block\"|overflow must be drop_oldest, drop_newest, disconnect or spill, not 'block'",
                "t|\"overflow\":1|overflow must be a string",
                "t|\"queue\":0|queue must be a whole number from 1 to 10000",
                "t|\"queue\":10001|queue must be a whole number from 1 to 10000",
                "t|\"batch\":5|batch must be an object",
                "t|\"batch\":{\"size\":5}|batch needs both size and linger_ms",
                "t|\"batch\":{\"size\":0,\"linger_ms\":1}|batch.size must be a whole number from 1 to 10000",
                "t|\"batch\":{\"size\":1,\"linger_ms\":60001}|batch.linger_ms must be a whole number from 0 to 60000",
                "t|\"filter\":1|filter must be a string",
                "t|\"filter\":[\"true\"]|filter must be a string",
                "t|\"filter\":\" \"|filter must not be empty",
                "t|\"filter\":\"\\ud800\"|filter must be well-formed Unicode (lone surrogate U+D800 at character 1)",
                "t|\"filter\":\"a\",\"filter\":\"a\"|the field filter is given twice",
                "t|\"types\":\"a\"|types must be an array",
                "t|\"types\":{\"a\":1}|types must be an array",
                "t|\"types\":[]|types must not be empty; leave it out to hear of all",
                "t|\"types\":[\"a\",1]|an element of types must be a string",
                "t|\"types\":[null]|an element of types must be a string",
                "t|\"types\":[[\"a\"]]|an element of types must be a string",
                "t|\"types\":[\"\"]|an element of types must not be empty",
                "t|\"types\":[\"\\udc00\"]|an element of types must be well-formed Unicode (lone surrogate U+DC00 at character 1)",
                "t|\"batch\":{\"count\":1}|batch has the fields size and linger_ms, not 'count'",
            })
    void saysWhatIsWrongWithASubscribe(String topic, String more, String message) {
        assertThat(refusal(subscription(topic, "," + more))).isEqualTo(message);
    }

    @Test
    void positionsAreBounded() {
        StringBuilder topics = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            topics.append(i == 0 ? "" : ",").append("\"t").append(i).append("\":{\"epoch\":\"e\",\"offset\":1}");
        }
        String since = ",\"since\":{\"time\":\"2026-01-31T12:00:00Z\",\"topics\":{" + topics;
        assertThat(((From.SinceAll) subscribe("**", since + "}}").from()).topics())
                .hasSize(10_000);
        assertThat(refusal(subscription("**", since + ",\"more\":{\"epoch\":\"e\",\"offset\":1}}}")))
                .isEqualTo("since.topics must have at most 10000 names");
    }
}
