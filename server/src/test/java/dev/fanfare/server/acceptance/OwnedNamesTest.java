package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.server.security.KeyFile;
import dev.fanfare.store.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Whose durable names are.
class OwnedNamesTest {

    private static final String DURABLE = ",\"ack\":\"manual\",\"durable\":\"mine\"";
    private static final String GROUP = ",\"ack\":\"manual\",\"group\":\"ours\"";

    @TempDir
    private Path folder;

    private final Map<String, String> keys = new TreeMap<>();

    @BeforeEach
    void make() throws IOException {
        KeyFile file = new KeyFile(folder.resolve("keys"));
        for (String name : new String[] {"alice", "bob", "boss"}) {
            keys.put(name, file.create(name, name.equals("boss") ? "boss" : "user", Instant.EPOCH));
        }
        Files.writeString(folder.resolve("rules"), """
                - {who: authenticated, may: subscribe, topics: 't'}
                - {who: 'role:boss', may: manage, topics: 't'}
                """);
    }

    private WireClient connect(RunningServer server, String who) {
        return WireClient.tcp(server.port()).upgrade("/ws", "X-API-Key: " + keys.get(who));
    }

    private void assertRefused(RunningServer server, String who) {
        try (WireClient client = connect(server, who)) {
            JsonNode answer = client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"" + DURABLE + "}")
                    .json();
            assertThat(answer.path("error").path("code").stringValue(""))
                    .as("%s", answer)
                    .isEqualTo("FORBIDDEN");
            assertThat(answer.path("error").path("message").stringValue())
                    .contains("'mine' is somebody else's")
                    .doesNotContain("alice");
        }
    }

    private void assertTaken(RunningServer server, String who, String terms) {
        try (WireClient client = connect(server, who)) {
            subscribe(client, "t", "c", terms);
        }
    }

    @Test
    void aDurableNameIsWhoMadeItsAlsoAfterARestart() {
        String[] settings = {"data=x", "durable=t", "keys=" + folder.resolve("keys"), "rules=" + folder.resolve("rules")
        };
        MemoryStore disk = new MemoryStore();
        try (RunningServer before = RunningServer.start(disk, settings);
                WireClient held = connect(before, "alice")) {
            before.server().broker().createTopic("t");
            subscribe(held, "t", "c", DURABLE);
            assertRefused(before, "bob"); // neither while it is held
            assertTaken(before, "alice", DURABLE); // its owner takes it over
            assertRefused(before, "bob"); // nor when nobody is there
            assertTaken(before, "boss", DURABLE); // who may manage the topic may
            assertRefused(before, "bob"); // and it is not its own then
            assertTaken(before, "alice", DURABLE);
            disk = disk.afterKill();
        }
        try (RunningServer after = RunningServer.start(disk, settings)) {
            assertRefused(after, "bob");
            assertTaken(after, "alice", DURABLE);
            assertRefused(after, "bob");
        }
    }

    @Test
    void whatIsNobodysIsForAllAndSoAreGroups() {
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(
                        broker, "keys=" + folder.resolve("keys"), "rules=" + folder.resolve("rules"));
                RunningServer open = RunningServer.with(broker)) {
            broker.createTopic("t");
            try (WireClient client = open.connect()) {
                subscribe(client, "t", "c", DURABLE);
            }
            assertTaken(server, "bob", DURABLE);
            assertTaken(server, "alice", DURABLE);
            assertTaken(server, "alice", GROUP);
            assertTaken(server, "bob", GROUP);
        }
    }

    /// Who may hear another part can't join, and does not learn what others may hear.
    @Test
    void aGroupIsForThoseWhoMayHearTheSame() throws IOException {
        Files.writeString(folder.resolve("rules"), """
                - {who: 'name:alice', may: subscribe, topics: 'a.**'}
                - {who: 'name:bob', may: subscribe, topics: 'a.secret'}
                """);
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(
                        broker, "keys=" + folder.resolve("keys"), "rules=" + folder.resolve("rules"));
                WireClient alice = connect(server, "alice");
                WireClient bob = connect(server, "bob")) {
            String join = "{\"type\":\"subscribe\",\"topic\":\"**\",\"client_id\":\"c\"" + GROUP + "}";
            assertThat(alice.send(join).json().path("type").stringValue()).isEqualTo("ack");
            JsonNode refused = bob.send(join).json();
            assertThat(refused.path("error").path("code").stringValue("")).isEqualTo("BAD_REQUEST");
            assertThat(refused.path("error").path("message").stringValue())
                    .contains("'ours'", "rights", "another name, or end that one")
                    .doesNotContain("a.", "alice");
            assertThat(bob.send(join.replace("ours", "theirs"))
                            .json()
                            .path("type")
                            .stringValue())
                    .isEqualTo("ack");
        }
    }
}
