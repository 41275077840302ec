package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.store.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `/health/ready`: whether a server should get work, and why not.
class ReadyTest {

    @TempDir
    private Path folder;

    @Test
    void itIsReadyWhenTheRequiredTopicsAreThere() {
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(broker, "required-topics=orders, paid")) {
            broker.createTopic("orders");
            RestAnswer answer = server.get("/health/ready");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("reasons").toString()).isEqualTo("[\"required topics are missing: paid\"]");
            assertThat(answer.json().path("error").path("code").asString()).isEqualTo("TOPIC_NOT_FOUND");
            assertThat(server.get("/health/live").status()).isEqualTo(200);
            broker.createTopic("paid");
            RestAnswer ready = server.get("/health/ready");
            assertThat(ready.status()).isEqualTo(200);
            assertThat(ready.body()).isEqualTo("{\"status\":\"ready\"}");
            broker.deleteTopic("orders");
            assertThat(server.get("/health/ready").body()).contains("missing: orders");
        }
    }

    @Test
    void aGuardedServerNamesNoTopics() throws IOException {
        Path rules = folder.resolve("rules.yaml");
        Files.writeString(rules, "- {who: authenticated, may: subscribe, topics: '**'}\n");
        try (RunningServer server = RunningServer.start("required-topics=orders", "rules=" + rules)) {
            RestAnswer answer = server.get("/health/ready");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).contains("a required topic is missing").doesNotContain("orders");
        }
    }

    @Test
    void itIsNotReadyWhileThereIsNoRoomForDurableTopics() {
        MemoryStore store = new MemoryStore();
        try (Broker broker = Broker.open(BrokerConfig.defaults().withStore(store));
                RunningServer server = RunningServer.with(broker)) {
            assertThat(server.get("/health/ready").status()).isEqualTo(200);
            store.capacity(0);
            RestAnswer answer = server.get("/health/ready");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("reasons").get(0).asString()).contains("durable topics");
            assertThat(answer.body()).doesNotContainPattern("\"reasons\":\\[[^]]*\\d");
            store.capacity(Long.MAX_VALUE);
            assertThat(server.get("/health/ready").status()).isEqualTo(200);
        }
    }

    @Test
    @SuppressWarnings("try") // that it is closed early is what this is about
    void itIsNotReadyWhenItsBrokerIsClosed() {
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(broker)) {
            broker.close();
            RestAnswer answer = server.get("/health/ready");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().path("reasons").get(0).asString()).contains("shutting down");
            assertThat(answer.json().path("error").path("code").asString()).isEqualTo("SHUTTING_DOWN");
        }
    }
}
