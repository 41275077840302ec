package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.From;
import dev.fanfare.protocol.Request.Malformed;
import dev.fanfare.protocol.Request.Position;
import dev.fanfare.protocol.Request.Publish;
import dev.fanfare.protocol.Request.Subscribe;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the standard dialect understands, and what it says about the rest.
class StandardDecodeTest {

    private static final String ID = "550e8400-e29b-41d4-a716-446655440000";

    private final StandardCodec codec = new StandardCodec(StandardCodec.MessageIds.UUID, 64);
    private final StandardCodec anyId = new StandardCodec(StandardCodec.MessageIds.ANY, 64);

    private Request decode(String text) {
        return decode(codec, text);
    }

    private static Request decode(Codec codec, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return codec.decode(bytes, 0, bytes.length);
    }

    private String refusal(String text) {
        return refusal(decode(text));
    }

    private static String refusal(Request request) {
        assertThat(request).isInstanceOf(Malformed.class);
        WireError error = ((Malformed) request).error();
        assertThat(error.code().standard()).isEqualTo("BAD_REQUEST");
        return error.message();
    }

    private Publish publish(String message, String more) {
        return (Publish) decode("{\"type\":\"publish\",\"topic\":\"orders\",\"message\":" + message + more + "}");
    }

    private static String payload(Publish publish) {
        return new String(publish.payload(), UTF_8);
    }

    private Subscribe subscribe(String topic, String more) {
        return (Subscribe) decode(subscription(topic, more));
    }

    private static String subscription(String topic, String more) {
        return "{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"c\"" + more + "}";
    }

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
                "{\"type\":\"shout\"}|unknown type 'shout'; known are subscribe, unsubscribe, publish and ping",
                "[]|a message must be a JSON object",
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
                "\"550e8400-e29b-41d4-a716+446655440000\""
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "filter",
                "types",
                "ack",
                "durable",
                "group",
                "max_in_flight",
                "ack_timeout_ms",
                "retry",
                "dead_letter"
            })
    void whatASubscriptionCanNotHaveIsRefused(String field) {
        assertThat(refusal(subscription("t", ",\"" + field + "\":\"x\"")))
                .isEqualTo(field + " is not supported by this server; leave it out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ttl_ms", "delay_ms", "deliver_at"})
    void whatAMessageCanNotHaveIsRefused(String field) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"" + field + "\":5}}"))
                .isEqualTo("message." + field + " is not supported by this server; leave it out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"request", "transaction", "ack", "nack"})
    void requestsOfOtherServersAreRefused(String type) {
        assertThat(refusal("{\"type\":\"" + type + "\",\"topic\":\"t\"}"))
                .isEqualTo("type '" + type + "' is not supported by this server");
    }

    @ParameterizedTest
    @ValueSource(strings = {"written", "synced", "replicated", "eternal"})
    void aDurabilityThatCanNotBeHadIsRefused(String durability) {
        assertThat(refusal("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1},\"durability\":\""
                        + durability + "\"}"))
                .isEqualTo("durability '" + durability + "' is not supported by this server, only 'memory'");
    }

    @Test
    void readsASubscribe() {
        Subscribe plain = subscribe("orders", "");
        assertThat(plain).isEqualTo(new Subscribe(null, "orders", "c", new From.Latest(), null, 0, null));
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
                        new Request.Batch(10, Duration.ofMillis(20))));
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
                "t|\"overflow\":\"block\"|overflow must be drop_oldest, drop_newest or disconnect, not 'block'",
                "t|\"overflow\":1|overflow must be a string",
                "t|\"queue\":0|queue must be a whole number from 1 to 10000",
                "t|\"queue\":10001|queue must be a whole number from 1 to 10000",
                "t|\"batch\":5|batch must be an object",
                "t|\"batch\":{\"size\":5}|batch needs both size and linger_ms",
                "t|\"batch\":{\"size\":0,\"linger_ms\":1}|batch.size must be a whole number from 1 to 10000",
                "t|\"batch\":{\"size\":1,\"linger_ms\":60001}|batch.linger_ms must be a whole number from 0 to 60000",
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
    void whatAPeerWroteIsToldBackShortened() {
        assertThat(refusal("{\"type\":\"" + "x".repeat(250) + "\"}")).hasSizeLessThan(150);
        assertThat(refusal(subscription("t", ",\"batch\":{\"" + "x".repeat(10_000) + "\":1}")))
                .hasSizeLessThan(150);
        assertThat(refusal(subscription("a.*", ",\"since\":{\"topics\":{\"" + "x".repeat(10_000) + "\":1}}")))
                .hasSizeLessThan(150);
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
    void aTopicThatComesAgainIsTheSameString() {
        assertThat(publish("{\"payload\":1}", "").topic())
                .isSameAs(publish("{\"payload\":2}", "").topic());
    }

    @Test
    void pingAndUnsubscribeAreRead() {
        assertThat(decode(" {\"type\" : \"ping\"} ")).isEqualTo(new Request.Ping(null));
        assertThat(decode("{\"type\":\"unsubscribe\",\"topic\":\"a.*\",\"client_id\":\"c\",\"request_id\":\"r\"}"))
                .isEqualTo(new Request.Unsubscribe("r", "a.*", "c"));
    }
}
