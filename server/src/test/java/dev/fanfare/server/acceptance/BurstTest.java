package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// A client that sends much at once, and takes the answers as they come.
class BurstTest {

    private static final int MESSAGES = 6_000;

    @Test
    void allOfABurstIsReadAlthoughItsAnswersAreMoreThanMayWait() {
        try (RunningServer server = RunningServer.start();
                WireClient client = server.connect()) {
            server.rest("POST", "/topics", "{\"name\":\"t\"}");
            // Without their answers being read meanwhile: the system has room for them, so that the server sees no peer
            // that does not take what it is sent, but more answers at once than may wait.
            for (int i = 0; i < MESSAGES; i++) {
                client.send("{\"type\":\"publish\",\"topic\":\"t\",\"request_id\":\"" + i
                        + "\",\"message\":{\"payload\":" + i + "}}");
            }
            for (int i = 0; i < MESSAGES; i++) {
                assertThat(client.json().path("request_id").stringValue()).isEqualTo(String.valueOf(i));
            }
        }
    }
}
