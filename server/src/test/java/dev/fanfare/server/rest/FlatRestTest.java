package dev.fanfare.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlatRestTest {

    private final RunningServer running = RunningServer.with();

    @AfterEach
    void close() {
        running.close();
    }

    @Test
    void makesATopicOnceOrTwice() throws Exception {
        Answered first = running.flat("POST", "/topics", "{\"name\":\"t\"}");
        Answered second = running.flat("POST", "/topics", "{\"name\":\"t\"}");

        assertThat(first.status()).isEqualTo(201);
        assertThat(first.body()).isEqualTo("{\"name\":\"t\",\"created\":true}");
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.body()).isEqualTo(first.body());
    }

    @Test
    void membersThatItDoesNotKnowAreIgnored() throws Exception {
        assertThat(running.flat("POST", "/topics", "{\"name\":\"t\",\"description\":\"x\"}")
                        .status())
                .isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a/b", "ä", "", "a*"})
    void anIllegalNameIsRefused(String name) throws Exception {
        Answered answered = running.flat("POST", "/topics", "{\"name\":\"" + name + "\"}");

        assertThat(answered.status()).isEqualTo(400);
        assertThat(answered.header("Content-Type")).isEqualTo("application/json");
        assertThat(answered.json().path("detail").asString()).contains("name");
    }

    @Test
    void aMissingNameCantBeProcessed() throws Exception {
        Answered answered = running.flat("POST", "/topics", "{}");

        assertThat(answered.status()).isEqualTo(422);
        assertThat(answered.json().path("detail").get(0).path("loc").get(1).asString())
                .isEqualTo("name");
    }

    @Test
    void deletesATopic() throws Exception {
        running.flat("POST", "/topics", "{\"name\":\"t\"}");

        Answered deleted = running.flat("DELETE", "/topics/t", "");
        Answered again = running.flat("DELETE", "/topics/t", "");

        assertThat(deleted.status()).isEqualTo(204);
        assertThat(deleted.body()).isEmpty();
        assertThat(again.status()).isEqualTo(404);
        assertThat(again.json().path("detail").asString()).contains("t");
    }

    @Test
    void topicsWithOtherNamesAreListedButNotReachable() throws Exception {
        running.server.broker().createTopic("a/b");
        running.server.broker().createTopic("c");

        assertThat(running.flat("GET", "/topics", "").body()).isEqualTo("[\"a/b\",\"c\"]");
        assertThat(running.flat("DELETE", "/topics/a%2Fb", "").status()).isEqualTo(404);
        assertThat(running.server.broker().topic("a/b")).isPresent();
    }

    @Test
    void tellsItsHealthAndFigures() throws Exception {
        running.server.broker().createTopic("t");
        running.server.broker().publish("t", "x");

        assertThat(running.flat("GET", "/health", "").body())
                .matches("\\{\"status\":\"healthy\",\"uptime_seconds\":\\d+\\.\\d+,\"topic_count\":1,"
                        + "\"active_subscriber_count\":0}");
        assertThat(running.flat("GET", "/stats", "").body())
                .isEqualTo("{\"topics\":{\"t\":{\"message_count\":1,\"subscriber_count\":0}}}");
    }

    @Test
    void errorsAreDetails() throws Exception {
        assertThat(running.flat("GET", "/nowhere", "").json().path("detail").asString())
                .contains("/nowhere");
        Answered wrongMethod = running.flat("PUT", "/topics", "{}");
        assertThat(wrongMethod.status()).isEqualTo(405);
        assertThat(wrongMethod.header("Allow")).contains("POST");
        assertThat(running.flat("POST", "/topics", "{").status()).isEqualTo(400);
    }
}
