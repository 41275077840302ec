package dev.fanfare.server.rest;

import static dev.fanfare.server.rest.StandardRestTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutesRestTest {

    private final RunningServer running = RunningServer.with("max-routes", "2");

    @AfterEach
    void close() {
        running.close();
    }

    private void topics(String... names) throws Exception {
        for (String name : names) {
            running.call("POST", "/topics", "{\"name\":\"" + name + "\"}");
        }
    }

    @Test
    void aCopyAndARedirectFromTheBeginningToTheEnd() throws Exception {
        topics("orders.eu", "audit", "old", "new");
        CountDownLatch copied = new CountDownLatch(1);
        running.server.broker().subscribe("audit", message -> copied.countDown());

        Answered added =
                running.call("POST", "/routes", "{\"name\":\"audit\",\"from\":\"orders.*\",\"to\":[\"audit\"]}");
        assertThat(added.status()).isEqualTo(201);
        assertThat(added.body()).isEqualTo("{\"status\":\"created\",\"route\":\"audit\"}");
        assertThat(added.header("Location")).isEqualTo("/routes/audit");
        running.call("POST", "/routes", "{\"name\":\"moved\",\"from\":\"old\",\"to\":\"new\",\"mode\":\"redirect\"}");
        running.call("POST", "/topics/orders.eu/messages", "{\"payload\":1}");
        Answered published = running.call("POST", "/topics/old/messages", "{\"payload\":2}");

        assertThat(copied.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(published.json().path("results").path(0).path("epoch").asString())
                .isEqualTo(running.server.broker().topic("new").orElseThrow().epoch());
        assertThat(running.call("GET", "/topics/old/messages", "")
                        .json()
                        .path("messages")
                        .size())
                .isZero();
        assertThat(running.call("GET", "/routes/moved", "").body())
                .isEqualTo("{\"name\":\"moved\",\"from\":\"old\",\"to\":[\"new\"],\"mode\":\"redirect\","
                        + "\"routed\":1,\"failed\":0,\"filter_failures\":0,\"waiting\":0}");
        assertThat(running.call("GET", "/routes", "").json().path("routes").size())
                .isEqualTo(2);
        assertThat(running.call("GET", "/metrics", "").body())
                .contains("fanfare_routed_messages_total{route=\"moved\"} 1.0\n");
        assertThat(running.call("DELETE", "/routes/audit", "").body())
                .isEqualTo("{\"status\":\"deleted\",\"route\":\"audit\"}");
        problem(running.call("DELETE", "/routes/audit", ""), 404, "BAD_REQUEST", "audit");
        problem(running.call("GET", "/routes/audit", ""), 404, "BAD_REQUEST", "audit");
    }

    @Test
    void aRuleMayTakeSomeTypesOnly() throws Exception {
        topics("orders", "eu");
        Answered added = running.call(
                "POST",
                "/routes",
                "{\"name\":\"r\",\"from\":\"orders\",\"to\":\"eu\",\"mode\":\"redirect\",\"types\":[\"b\",\"a\",\"a\"]}");
        assertThat(added.status()).isEqualTo(201);
        running.call(
                "POST", "/topics/orders/messages", "[{\"payload\":1,\"type\":\"a\"},{\"payload\":2,\"type\":\"c\"}]");

        assertThat(running.server.broker().topic("eu").orElseThrow().visible()).isEqualTo(1);
        assertThat(running.server.broker().topic("orders").orElseThrow().visible())
                .isEqualTo(1);
        assertThat(running.call("GET", "/routes/r", "").body()).contains("\"types\":[\"a\",\"b\"]");
    }

    @Test
    void aRuleMayTakeOnlyWhatAnExpressionIsTrueFor() throws Exception {
        topics("orders", "dear", "copies");
        Answered added = running.call(
                "POST",
                "/routes",
                "{\"name\":\"r\",\"from\":\"orders\",\"to\":\"dear\",\"mode\":\"redirect\",\"types\":[\"a\"],"
                        + "\"filter\":\"message.payload.n > 10 && topic == 'orders'\"}");
        assertThat(added.status()).as(added.body()).isEqualTo(201);
        // One that no message is worth the time of: it takes none.
        running.call(
                "POST",
                "/routes",
                "{\"name\":\"s\",\"from\":\"dear\",\"to\":\"copies\",\"filter\":"
                        + "\"message.payload.l.all(a, message.payload.l.all(b, message.payload.l.all(c, c < 1000)))\"}");
        String l = IntStream.range(0, 100).mapToObj(String::valueOf).collect(Collectors.joining(","));
        running.call(
                "POST",
                "/topics/orders/messages",
                "[{\"payload\":{\"n\":11,\"l\":[" + l + "]},\"type\":\"a\"},{\"payload\":{\"n\":10},\"type\":\"a\"},"
                        + "{\"payload\":{\"n\":11},\"type\":\"b\"},{\"payload\":\"no number\",\"type\":\"a\"}]");

        assertThat(running.server.broker().topic("dear").orElseThrow().visible())
                .isEqualTo(1);
        assertThat(running.server.broker().topic("orders").orElseThrow().visible())
                .isEqualTo(3);
        assertThat(running.call("GET", "/routes/r", "").body())
                .contains(
                        "\"types\":[\"a\"],\"filter\":\"message.payload.n > 10 && topic == 'orders'\"",
                        "\"routed\":1,\"failed\":0,\"filter_failures\":1");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!running.call("GET", "/routes/s", "").body().contains("\"filter_failures\":1")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        assertThat(running.server.broker().topic("copies").orElseThrow().visible())
                .isZero();
    }

    @Test
    void aRedirectToATopicThatDoesNotExistIsToldToThePublisher() throws Exception {
        topics("old");
        running.call("POST", "/routes", "{\"name\":\"moved\",\"from\":\"old\",\"to\":\"new\",\"mode\":\"redirect\"}");

        Answered refused = running.call("POST", "/topics/old/messages", "{\"payload\":2}");

        assertThat(refused.status()).isEqualTo(404);
        assertThat(refused.body()).contains("TOPIC_NOT_FOUND", "moved", "'new'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{} | 400 | name",
                "[] | 400 | object",
                "{\"name\":\"r\"} | 400 | from",
                "{\"name\":\"r\",\"from\":\"a\"} | 400 | to",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":[]} | 400 | 1 to 100",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":[1]} | 400 | strings",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":{}} | 400 | string",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":[[\"b\"]]} | 400 | strings",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b*\"} | 400 | b*",
                "{\"name\":\"r\",\"from\":\"a#\",\"to\":\"b\"} | 400 | #",
                "{\"name\":\"r/s\",\"from\":\"a\",\"to\":\"b\"} | 400 | name",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"a\"} | 400 | circle",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"mode\":\"move\"} | 400 | redirect",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"extra\":1} | 400 | extra",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"types\":[]} | 400 | type",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"types\":1} | 400 | types",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"filter\":1} | 400 | filter",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"filter\":\"topic == \"} | 400 | filter, line 1, column 10",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"filter\":\"message.amount > 1\"} | 400 | undefined field 'amount'",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\",\"filter\":\"topic\"} | 400 | true or false",
                "{\"name\":\"r\",\"from\":\"a\",\"to\":\"$b\"} | 403 | $",
                "{\"name\":\"r\",\"from\":\"$a\",\"to\":\"b\",\"mode\":\"redirect\"} | 403 | $",
            })
    void whatIsWrongIsSaid(String body, int status, String says) throws Exception {
        problem(running.call("POST", "/routes", body), status, status == 403 ? "FORBIDDEN" : "BAD_REQUEST", says);
        assertThat(running.server.broker().routes().list()).isEmpty();
    }

    @Test
    void thereAreBoundsAndNamesAreGivenOnce() throws Exception {
        StringBuilder many = new StringBuilder("\"t\"");
        for (int i = 0; i < 100; i++) {
            many.append(",\"t").append(i).append('"');
        }
        problem(
                running.call("POST", "/routes", "{\"name\":\"r\",\"from\":\"a\",\"to\":[" + many + "]}"),
                400,
                "BAD_REQUEST",
                "100");
        running.call("POST", "/routes", "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\"}");
        problem(
                running.call("POST", "/routes", "{\"name\":\"r\",\"from\":\"c\",\"to\":\"d\"}"),
                409,
                "BAD_REQUEST",
                "'r'");
        running.call("POST", "/routes", "{\"name\":\"s\",\"from\":\"b\",\"to\":\"c\"}");
        problem(
                running.call("POST", "/routes", "{\"name\":\"u\",\"from\":\"x\",\"to\":\"y\"}"),
                507,
                "LIMIT_REACHED",
                "2");
    }
}
