package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.MemoryStore;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// A server that was killed and started again with the same data: what its clients find.
class AfterRestartTest {

    @Test
    void whoWasConnectedBeforeARestartGoesOnWithoutALoss() {
        MemoryStore disk = new MemoryStore();
        String epoch;
        try (RunningServer before = RunningServer.start(disk, "data=x", "durable=t");
                WireClient client = before.connect()) {
            before.topic("t");
            subscribe(client, "t", "c");
            before.rest("POST", "/topics/t/messages", "[{\"payload\":0},{\"payload\":1},{\"payload\":2}]");
            epoch = client.events(3).getFirst().path("epoch").stringValue();
            disk = disk.afterKill();
        }
        try (RunningServer after = RunningServer.start(disk, "data=x", "durable=t");
                WireClient client = after.connect()) {
            String since = ",\"since\":{\"epoch\":\"" + epoch + "\",\"offset\":0}";
            JsonNode ack = subscribe(client, "t", "c", since);
            assertThat(ack.path("recovered").asBoolean()).isTrue();
            assertThat(client.events(2))
                    .extracting(each -> each.path("offset").asInt())
                    .containsExactly(1, 2);
            after.rest("POST", "/topics/t/messages", "{\"payload\":3}");
            assertThat(client.events(1).getFirst().path("offset").asInt()).isEqualTo(3);
        }
    }

    @Test
    void aNameComesBackAfterARestartWithTheFilterItHadAndWithNoOther() {
        MemoryStore disk = new MemoryStore();
        try (RunningServer before = RunningServer.start(disk, "data=x", "durable=t");
                WireClient client = before.connect()) {
            before.topic("t");
            subscribe(client, "t", "c", named("durable", "mine", "message.payload > 1"));
            subscribe(client, "t", "d", named("group", "ours", "message.payload > 1"));
            disk = disk.afterKill();
        }
        try (RunningServer after = RunningServer.start(disk, "data=x", "durable=t");
                WireClient client = after.connect()) {
            for (String kind : List.of("durable", "group")) {
                String name = kind.equals("durable") ? "mine" : "ours";
                JsonNode refused = client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\""
                                + named(kind, name, "message.payload > 2") + "}")
                        .json();
                assertThat(refused.path("error").path("message").stringValue())
                        .as("%s", refused)
                        .contains("filter is expression message.payload > 1, not expression message.payload > 2");
            }
            subscribe(client, "t", "c", named("durable", "mine", "message.payload > 1"));
            subscribe(client, "t", "d", named("group", "ours", "message.payload > 1"));
            after.rest("POST", "/topics/t/messages", "[{\"payload\":1},{\"payload\":2}]");
            assertThat(client.events(2))
                    .extracting(each -> each.path("message").path("payload").asInt())
                    .containsExactly(2, 2);
        }
    }

    private static String named(String kind, String name, String filter) {
        return ",\"ack\":\"manual\",\"%s\":\"%s\",\"filter\":\"%s\"".formatted(kind, name, filter);
    }

    @Test
    void aRouteWithAnExpressionThatWasMadeOverRestIsThereAfterARestart() {
        MemoryStore disk = new MemoryStore();
        try (RunningServer before = RunningServer.start(disk, "data=x")) {
            RestAnswer made = before.rest(
                    "POST",
                    "/routes",
                    "{\"name\":\"big\",\"from\":\"orders\",\"to\":\"audit\",\"types\":[\"made\"],"
                            + "\"filter\":\"message.payload.amount > 100\"}");
            assertThat(made.status()).isEqualTo(201);
        }
        try (RunningServer after = RunningServer.start(disk.afterKill(), "data=x")) {
            JsonNode route = after.get("/routes/big").json();
            assertThat(route.path("filter").stringValue()).isEqualTo("message.payload.amount > 100");
            assertThat(route.path("types").toString()).isEqualTo("[\"made\"]");
            assertThat(after.rest("DELETE", "/routes/big", "").status()).isEqualTo(200);
        }
    }
}
