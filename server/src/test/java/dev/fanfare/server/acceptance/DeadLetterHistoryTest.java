package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// What `dead-letter-history`, `dead-letter-bytes` and `dead-letter-age` do, over real sockets.
@ExtendWith(NoLeaks.class)
class DeadLetterHistoryTest {

    /// Rejects four messages.
    private static void giveUp(RunningServer server) {
        server.rest("POST", "/topics", "{\"name\":\"jobs\"}");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "jobs", "c", ",\"ack\":\"manual\"");
            for (int i = 0; i < 4; i++) {
                publishAcked(publisher, "jobs", "\"" + "x".repeat(1_000) + "\"");
                worker.events(1);
                worker.send("{\"type\":\"nack\",\"topic\":\"jobs\",\"client_id\":\"c\",\"offset\":" + i
                                + ",\"dead\":true,\"request_id\":\"n\"}")
                        .until("ack");
            }
        }
    }

    private static List<Integer> letters(RunningServer server) {
        List<Integer> offsets = new ArrayList<>();
        for (JsonNode letter : server.get("/topics/jobs/dead-letters").json().path("dead_letters")) {
            offsets.add(letter.path("event").path("offset").intValue());
        }
        return offsets;
    }

    @Test
    void theNewestAreKept() {
        try (RunningServer server = RunningServer.start(Map.of("dead-letter-history", "2"))) {
            giveUp(server);
            assertThat(letters(server)).containsExactly(2, 3);
        }
    }

    @Test
    void soManyBytesAreKept() {
        try (RunningServer server = RunningServer.start(Map.of("dead-letter-bytes", "3500"))) {
            giveUp(server);
            assertThat(letters(server)).isNotEmpty().hasSizeLessThan(4).endsWith(3);
        }
    }

    @Test
    void theTopicsThatKeepThemSaySo() {
        try (RunningServer server = RunningServer.start(Map.of("dead-letter-age", "3h"))) {
            giveUp(server);
            JsonNode topic = server.get("/topics/%24dead%2Fjobs").json();
            assertThat(topic.findValue("history_ms").longValue()).isEqualTo(10_800_000);
            assertThat(topic.findValue("history").intValue()).isEqualTo(10_000);
            assertThat(topic.findValue("history_bytes").longValue()).isEqualTo(16 << 20);
        }
    }
}
