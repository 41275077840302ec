package dev.fanfare.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.util.ArrayList;
import java.util.List;
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
