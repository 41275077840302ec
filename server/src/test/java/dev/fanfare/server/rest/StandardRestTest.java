package dev.fanfare.server.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class StandardRestTest {

    private final RunningServer running = RunningServer.with();

    @AfterEach
    void close() {
        running.close();
    }

    @Test
    void makesATopic() throws Exception {
        Answered answered = running.call("POST", "/topics", "{\"name\":\"orders\"}");

        assertThat(answered.status()).isEqualTo(201);
        assertThat(answered.body()).isEqualTo("{\"status\":\"created\",\"topic\":\"orders\"}");
        assertThat(answered.header("Content-Type")).isEqualTo("application/json");
        assertThat(answered.header("Location")).isEqualTo("/topics/orders");
        assertThat(answered.header("Server")).startsWith("Fanfare/").doesNotContain("$");
        assertThat(running.server.broker().topic("orders")).isPresent();
    }

    @Test
    void aTopicThatExistsIsAConflict() throws Exception {
        running.call("POST", "/topics", "{\"name\":\"orders\"}");

        problem(running.call("POST", "/topics", "{\"name\":\"orders\"}"), 409, "TOPIC_EXISTS", "orders");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "nonsense",
                "[]",
                "null",
                "\"orders\"",
                "{}",
                "{\"name\":null}",
                "{\"name\":5}",
                "{\"name\":\"\"}",
                "{\"name\":\"a*\"}",
                "{\"name\":\"a+b\"}",
                "{\"name\":\"a#\"}",
                "{\"name\":\" a\"}",
                "{\"name\":\"..\"}",
                "{\"name\":\"a\\u0000b\"}",
                "{\"name\":\"a\\ud800\"}",
                "{\"name\":\"a\",\"name\":\"b\"}",
                "{\"name\":\"a\"} x",
                "{\"name\":\"a\",}"
            })
    void aBodyThatNamesNoTopicIsRefused(String body) throws Exception {
        problem(running.call("POST", "/topics", body), 400, "BAD_REQUEST", "");
        assertThat(running.server.broker().topics()).isEmpty();
    }

    @Test
    void aNameOf256CharactersIsLegalAndOneMoreIsNot() throws Exception {
        assertThat(running.call("POST", "/topics", "{\"name\":\"" + "n".repeat(256) + "\"}")
                        .status())
                .isEqualTo(201);
        problem(running.call("POST", "/topics", "{\"name\":\"" + "n".repeat(257) + "\"}"), 400, "BAD_REQUEST", "256");
    }

    @Test
    void namesOfTheBrokerAreForbidden() throws Exception {
        problem(running.call("POST", "/topics", "{\"name\":\"$dead/x\"}"), 403, "FORBIDDEN", "$dead/x");
        problem(running.call("DELETE", "/topics/$dead%2Fx", ""), 403, "FORBIDDEN", "$dead/x");
        problem(running.call("POST", "/topics/$x/messages", "{\"payload\":1}"), 403, "FORBIDDEN", "$x");
    }

    @Test
    void settingsOfATopicAreKeptAndShown() throws Exception {
        Answered made = running.call("POST", "/topics", """
                {"name":"t","history":3,"history_bytes":2048,"history_ms":60000,
                 "durable":false,"durability":"memory","ordering":"fifo","partitions":1,"compact":false,"dedup":null}""");
        JsonNode shown = running.get("/topics/t").json();

        assertThat(made.status()).isEqualTo(201);
        assertThat(shown.path("name").asString()).isEqualTo("t");
        assertThat(shown.path("history").asInt()).isEqualTo(3);
        assertThat(shown.path("history_bytes").asInt()).isEqualTo(2048);
        assertThat(shown.path("history_ms").asInt()).isEqualTo(60_000);
        assertThat(shown.path("durability").asString()).isEqualTo("memory");
        assertThat(shown.path("next").asInt()).isZero();
        assertThat(shown.path("epoch").asString()).isNotEmpty().hasSizeLessThanOrEqualTo(8);
    }

    @Test
    void whatATopicSaysOfItsSubscriptionsIsKeptAndShown() throws Exception {
        Answered made = running.call("POST", "/topics", """
                {"name":"t","ordering":"partitioned","partitions":8,"backlog":10,"backlog_bytes":4096,
                 "backlog_overflow":"dead_letter","dead_letter":"morgue"}""");
        JsonNode shown = running.get("/topics/t").json();

        assertThat(made.status()).isEqualTo(201);
        assertThat(shown.path("ordering").asString()).isEqualTo("partitioned");
        assertThat(shown.path("partitions").asInt()).isEqualTo(8);
        assertThat(shown.path("backlog").asInt()).isEqualTo(10);
        assertThat(shown.path("backlog_bytes").asInt()).isEqualTo(4096);
        assertThat(shown.path("backlog_overflow").asString()).isEqualTo("dead_letter");
        assertThat(shown.path("dead_letter").asString()).isEqualTo("morgue");

        running.call("POST", "/topics", "{\"name\":\"plain\",\"ordering\":\"global\"}");
        JsonNode plain = running.get("/topics/plain").json();

        assertThat(plain.path("ordering").asString()).isEqualTo("global");
        assertThat(plain.path("partitions").asInt()).isZero();
        assertThat(plain.path("backlog").asInt()).isEqualTo(100_000);
        assertThat(plain.path("backlog_overflow").asString()).isEqualTo("refuse");
        assertThat(plain.has("dead_letter")).isFalse();
    }

    @Test
    void whatABacklogCantDoIsRefused() throws Exception {
        problem(
                running.call("POST", "/topics", "{\"name\":\"t\",\"backlog_overflow\":\"spill\"}"),
                400,
                "BAD_REQUEST",
                "'spill' needs a durable topic");
        problem(
                running.call("POST", "/topics", "{\"name\":\"t\",\"dead_letter\":\"t\"}"),
                400,
                "BAD_REQUEST",
                "can't take its own dead letters");
        problem(
                running.call("POST", "/topics", "{\"name\":\"t\",\"dead_letter\":\"$dead/t\"}"),
                403,
                "FORBIDDEN",
                "$dead/t");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "durable|true",
                "durability|\"synced\"",
                "ordering|\"random\"",
                "ordering|1",
                "ordering|\"partitioned\"",
                "partitions|-1",
                "partitions|10001",
                "partitions|1.5",
                "compact|true",
                "dedup|{\"window_ms\":1000}",
                "dedup|{\"count\":1}",
                "dedup|{\"window_ms\":0,\"count\":1}",
                "dedup|{\"window_ms\":1,\"count\":0}",
                "dedup|{\"window_ms\":1,\"count\":1000001}",
                "dedup|{\"window_ms\":1.5,\"count\":1}",
                "dedup|{\"window_ms\":1,\"count\":1,\"x\":1}",
                "dedup|{\"window_ms\":1,\"window_ms\":2,\"count\":1}",
                "dedup|[1]",
                "dedup|true",
                "dedup|\"x\"",
                "backlog|0",
                "backlog|10000001",
                "backlog|\"10\"",
                "backlog|{}",
                "backlog_bytes|0",
                "backlog_bytes|99999999999999999999",
                "backlog_overflow|\"drop\"",
                "backlog_overflow|true",
                "dead_letter|\"\"",
                "dead_letter|\"a*\"",
                "dead_letter|7",
                "history|-1",
                "history|1.5",
                "history|\"7\"",
                "history_ms|99999999999999999999",
            })
    void whatCantBeHadIsRefusedByItsName(String member, String value) throws Exception {
        problem(
                running.call("POST", "/topics", "{\"name\":\"t\",\"" + member + "\":" + value + "}"),
                400,
                "BAD_REQUEST",
                member);
        assertThat(running.server.broker().topic("t")).isEmpty();
    }

    @Test
    void deletesATopicWhoseNameIsEncoded() throws Exception {
        running.server.broker().createTopic("a/b c/ä");

        Answered deleted = running.call("DELETE", "/topics/a%2Fb%20c%2F%C3%A4", "");

        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.json().path("status").asString()).isEqualTo("deleted");
        assertThat(deleted.json().path("topic").asString()).isEqualTo("a/b c/ä");
        problem(running.call("DELETE", "/topics/a%2Fb%20c%2F%C3%A4", ""), 404, "TOPIC_NOT_FOUND", "a/b c/");
    }

    @Test
    void listsTopicsInPages() throws Exception {
        List.of("b2", "a", "b1", "c", "b3").forEach(running.server.broker()::createTopic);

        assertThat(running.get("/topics").body())
                .isEqualTo("{\"topics\":[{\"name\":\"a\",\"subscribers\":0},{\"name\":\"b1\",\"subscribers\":0},"
                        + "{\"name\":\"b2\",\"subscribers\":0},{\"name\":\"b3\",\"subscribers\":0},"
                        + "{\"name\":\"c\",\"subscribers\":0}]}");
        assertThat(names("/topics?prefix=b&limit=2")).containsExactly("b1", "b2");
        assertThat(names("/topics?prefix=b&limit=2&after=b2")).containsExactly("b3");
        assertThat(names("/topics?after=zzz")).isEmpty();
    }

    private List<String> names(String path) throws Exception {
        List<String> names = new ArrayList<>();
        running.get(path)
                .json()
                .path("topics")
                .forEach(topic -> names.add(topic.path("name").asString()));
        return names;
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit=0", "limit=x", "limit=-1", "limit=", "limit=1&limit=2", "limit=99999999999"})
    void aWrongParameterIsRefused(String query) throws Exception {
        problem(running.get("/topics?" + query), 400, "BAD_REQUEST", "limit");
    }

    @Test
    void countsAreIntegers() throws Exception {
        running.server.broker().createTopic("orders");
        running.call("POST", "/topics/orders/messages", "[{\"payload\":1},{\"payload\":2}]");

        assertThat(running.get("/health").body()).matches("\\{\"uptime_sec\":\\d+,\"topics\":1,\"subscribers\":0}");
        assertThat(running.get("/stats").body())
                .isEqualTo("{\"topics\":{\"orders\":{\"messages\":2,\"subscribers\":0}}}");
    }

    @Test
    void healthIsAliveAndReady() throws Exception {
        assertThat(running.get("/health/live").status()).isEqualTo(200);
        assertThat(running.get("/health/ready").status()).isEqualTo(200);
    }

    @Test
    void aPublishedPayloadComesBackAsItWasWritten() throws Exception {
        String payload = "{\"n\":1.10000000000000000000000000001,\"big\":123456789012345678901234567890,"
                + "\"e\":1E400, \"s\":\"\\u00e4ä\\/\" }";
        running.server.broker().createTopic("t");

        Answered published = running.call("POST", "/topics/t/messages", "{\"payload\":" + payload + "}");
        Answered read = running.get("/topics/t/messages");

        assertThat(published.status()).isEqualTo(200);
        JsonNode result = published.json().path("results").get(0);
        assertThat(result.path("offset").asInt()).isZero();
        assertThat(result.path("epoch").asString()).isNotEmpty();
        assertThat(UUID.fromString(result.path("message_id").asString())).isNotNull();
        assertThat(read.body()).contains("\"payload\":" + payload);
        assertThat(read.json().path("next").asInt()).isEqualTo(1);
        assertThat(read.json().path("epoch").asString())
                .isEqualTo(result.path("epoch").asString());
        JsonNode event = read.json().path("messages").get(0);
        assertThat(event.path("offset").asInt()).isZero();
        assertThat(event.path("topic").asString()).isEqualTo("t");
        assertThat(event.path("message").path("id").asString())
                .isEqualTo(result.path("message_id").asString());
    }

    @Test
    void readsMessagesInPages() throws Exception {
        running.server.broker().createTopic("t");
        for (int i = 0; i < 5; i++) {
            running.server.broker().publish("t", "m" + i);
        }

        JsonNode first = running.get("/topics/t/messages?limit=2").json();
        JsonNode second = running.get("/topics/t/messages?limit=2&from=" + first.path("next"))
                .json();

        assertThat(offsets(first)).containsExactly(0L, 1L);
        assertThat(offsets(second)).containsExactly(2L, 3L);
        assertThat(offsets(running.get("/topics/t/messages?from=latest").json()))
                .isEmpty();
        assertThat(running.get("/topics/t/messages?from=latest")
                        .json()
                        .path("next")
                        .asInt())
                .isEqualTo(5);
        assertThat(offsets(running.get("/topics/t/messages?from=1970-01-01T00:00:00Z")
                        .json()))
                .containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(offsets(running.get("/topics/t/messages?from=2999-01-01T00:00:00Z")
                        .json()))
                .isEmpty();
        problem(running.get("/topics/t/messages?from=soon"), 400, "BAD_REQUEST", "from");
        problem(running.get("/topics/t/messages?limit=1001"), 400, "BAD_REQUEST", "limit");
        problem(running.get("/topics/none/messages"), 404, "TOPIC_NOT_FOUND", "none");
    }

    private static List<Long> offsets(JsonNode page) {
        List<Long> offsets = new ArrayList<>();
        page.path("messages")
                .forEach(message -> offsets.add(message.path("offset").asLong()));
        return offsets;
    }

    @Test
    void readingBeginsAtTheOldestThatIsKept() throws Exception {
        running.call("POST", "/topics", "{\"name\":\"t\",\"history\":2}");
        for (int i = 0; i < 5; i++) {
            running.server.broker().publish("t", "m" + i);
        }

        assertThat(offsets(running.get("/topics/t/messages?from=0").json())).containsExactly(3L, 4L);
    }

    @Test
    void payloadsThatAreNoJsonAreMadeSafe() throws Exception {
        running.server.broker().createTopic("t");
        running.server.broker().publish("t", "quote \" and \u0007");
        running.server.broker().publish("t", new byte[] {(byte) 0xFF, 0, 1});
        running.server.broker().publish("t", Message.of(Payload.bytes("}{".getBytes(UTF_8), Payload.JSON)));

        JsonNode messages = running.get("/topics/t/messages").json().path("messages");

        assertThat(messages.get(0).path("message").path("payload").asString()).isEqualTo("quote \" and \u0007");
        assertThat(messages.get(1).path("message").path("payload").asString()).isEqualTo("/wAB");
        assertThat(messages.get(1).path("message").path("encoding").asString()).isEqualTo("base64");
        assertThat(messages.get(2).path("message").path("payload").asString()).isEqualTo("}{");
    }

    @Test
    void ofSeveralMessagesEachHasItsOwnResult() throws Exception {
        running.server.broker().createTopic("t");

        JsonNode results = running.call(
                        "POST",
                        "/topics/t/messages",
                        "[{\"payload\":1},{\"id\":\"no uuid\",\"payload\":2},{\"id\":\"" + UUID.randomUUID()
                                + "\"},7,{\"payload\":null}]")
                .json()
                .path("results");

        assertThat(results.size()).isEqualTo(5);
        assertThat(results.get(0).path("offset").asInt()).isZero();
        assertThat(results.get(1).path("error").path("message").asString())
                .isEqualTo("message.id must be a valid UUID");
        assertThat(results.get(2).path("error").path("code").asString()).isEqualTo("BAD_REQUEST");
        assertThat(results.get(3).path("error").path("code").asString()).isEqualTo("BAD_REQUEST");
        assertThat(results.get(4).path("offset").asInt()).isEqualTo(1);
    }

    @Test
    void aSingleMessageThatIsRefusedIsAProblem() throws Exception {
        running.server.broker().createTopic("t");

        Answered refused = running.call("POST", "/topics/t/messages", "{\"id\":\"1\",\"payload\":1}");

        problem(refused, 400, "BAD_REQUEST", "message.id must be a valid UUID");
        assertThat(refused.json()
                        .path("results")
                        .get(0)
                        .path("error")
                        .path("code")
                        .asString())
                .isEqualTo("BAD_REQUEST");
    }

    @Test
    void aConnectionThatPublishesTooFastIsToldWhenToTryAgain() throws Exception {
        try (RunningServer limited = RunningServer.with("publish-rate", "0.5", "publish-burst", "3")) {
            limited.call("POST", "/topics", "{\"name\":\"t\"}");
            String path = "POST /topics/t/messages HTTP/1.1";
            try (RawHttp connection = limited.raw();
                    RawHttp other = limited.raw()) {
                String several = "[{\"payload\":1},{\"payload\":2},{\"payload\":3},{\"payload\":4}]";
                RawHttp.Response first = connection
                        .request(path, "Host: x", "Content-Length: " + several.length())
                        .send(several)
                        .read();
                assertThat(first.status()).isEqualTo(200);
                assertThat(first.body()).containsOnlyOnce("RATE_LIMITED").contains("\"offset\":2");

                String one = "{\"payload\":5}";
                RawHttp.Response refused = connection
                        .request(path, "Host: x", "Content-Length: " + one.length())
                        .send(one)
                        .read();
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.header("content-type")).isEqualTo("application/problem+json");
                assertThat(refused.header("retry-after")).isIn("1", "2");
                assertThat(refused.body())
                        .contains("\"code\":\"RATE_LIMITED\"", "publish-rate", "publish-burst", "\"retry_after_ms\":");

                RawHttp.Response another = other.request(path, "Host: x", "Content-Length: " + one.length())
                        .send(one)
                        .read();
                assertThat(another.status()).isEqualTo(200);
            }
        }
    }

    @Test
    void nothingIsPublishedWhenTheBodyIsNoJson() throws Exception {
        running.server.broker().createTopic("t");

        problem(running.call("POST", "/topics/t/messages", "[{\"payload\":1},"), 400, "BAD_REQUEST", "JSON");

        assertThat(running.server.broker().topic("t").orElseThrow().visible()).isZero();
    }

    @Test
    void aMessageAboveTheLimitIsTooLarge() throws Exception {
        running.server.broker().createTopic("t");
        String large = "{\"payload\":\"" + "x".repeat(65_536) + "\"}";

        problem(running.call("POST", "/topics/t/messages", large), 413, "TOO_LARGE", "max-message-size");
        JsonNode results = running.call("POST", "/topics/t/messages", "[" + large + ",{\"payload\":1}]")
                .json()
                .path("results");
        assertThat(results.get(0).path("error").path("code").asString()).isEqualTo("TOO_LARGE");
        assertThat(results.get(1).path("offset").asInt()).isZero();
    }

    @Test
    void publishingMakesNoTopicUnlessItIsSet() throws Exception {
        problem(running.call("POST", "/topics/none/messages", "{\"payload\":1}"), 404, "TOPIC_NOT_FOUND", "none");
        try (RunningServer making = RunningServer.with("auto-create-topics", "true")) {
            assertThat(making.call("POST", "/topics/none/messages", "{\"payload\":1}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aMessageThatIsRefusedMakesNoTopic() throws Exception {
        try (RunningServer making = RunningServer.with("auto-create-topics", "true")) {
            for (String body : new String[] {"", "{", "{}", "{\"payload\":1,\"id\":\"x\"}"}) {
                problem(making.call("POST", "/topics/none/messages", body), 400, "BAD_REQUEST", "");
            }
            assertThat(making.server.broker().topics()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name':'q','overflow':'%s'}|overflow",
                "{'name':'q','durable':'%s'}|durable",
                "{'name':'q','%1$s':1,'%1$s':2}|twice",
                "{'name':'q','%s':1}|known are",
                "{'name':'$%s'}|belong",
            })
    void whatIsRefusedIsNotToldBackAtAnyLength(String body, String says) throws Exception {
        String sent = body.replace('\'', '"').formatted("A".repeat(400_000));

        Answered answered = running.call("POST", "/topics", sent);

        assertThat(answered.status()).isBetween(400, 499);
        assertThat(answered.body()).hasSizeLessThan(1_500).contains(says).contains("AAA...");
    }

    @Test
    void aMemberThatDoesNotExistIsRefusedByItsName() throws Exception {
        Answered answered = running.call("POST", "/topics", "{\"name\":\"t\",\"histroy\":5}");

        problem(answered, 400, "BAD_REQUEST", "'histroy'");
        assertThat(answered.body()).contains("history, history_bytes, history_ms, name");
        assertThat(running.server.broker().topic("t")).isEmpty();
        assertThat(running.call("POST", "/topics", "{\"name\":\"t\",\"histroy\":null}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void atMostSoManyTopics() throws Exception {
        try (RunningServer small = RunningServer.with("max-topics", "1")) {
            small.call("POST", "/topics", "{\"name\":\"a\"}");

            problem(small.call("POST", "/topics", "{\"name\":\"b\"}"), 507, "LIMIT_REACHED", "1");
        }
    }

    static void problem(Answered answered, int status, String code, String says) {
        assertThat(answered.status()).as(answered.body()).isEqualTo(status);
        assertThat(answered.header("Content-Type")).isEqualTo("application/problem+json");
        JsonNode body = answered.json();
        assertThat(body.path("status").asInt()).isEqualTo(status);
        assertThat(body.path("title").asString()).isNotEmpty();
        assertThat(body.path("detail").asString()).contains(says);
        assertThat(body.path("error").path("code").asString()).isEqualTo(code);
        assertThat(body.path("error").path("message").asString()).contains(says);
    }
}
