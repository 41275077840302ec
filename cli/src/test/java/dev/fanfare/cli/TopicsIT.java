package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// `fanfare topics` and `fanfare subscriptions`, and what commands say to who may not, as processes.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TopicsIT {

    @TempDir
    private static Path folder;

    private Command serve;
    private String url = "";
    private String admin = "";
    private String reader = "";

    @BeforeAll
    void start() throws Exception {
        String keys = "--keys=" + folder.resolve("keys.yaml");
        admin = "--api-key=" + run(0, "keys", "create", "me", keys).getFirst();
        reader = "--api-key="
                + run(0, "keys", "create", "other", "--role=reader", keys).getFirst();
        Path rules = folder.resolve("rules.yaml");
        Files.writeString(rules, "- {who: role:reader, may: subscribe, topics: read.**}\n");
        serve = Command.fanfare("serve", "--port=0", "--memory=256MiB", keys, "--rules=" + rules);
        url = "--url=" + serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    @AfterAll
    void stop() {
        serve.close();
    }

    /// What it printed: on standard output when it went well, else on standard error.
    private static List<String> run(int exitCode, String... arguments) throws Exception {
        try (Command command = Command.fanfare(arguments)) {
            assertThat(command.exitCode()).as("%s", command.complaints()).isEqualTo(exitCode);
            return exitCode == 0 ? command.output() : command.complaints();
        }
    }

    @Test
    void aTopicIsMadeShownListedAndDeleted() throws Exception {
        run(
                0,
                "topics",
                "create",
                "read.a",
                "--history=7",
                "--overflow=refuse",
                "--dedup-ms=1000",
                "--dedup-count=9",
                url,
                admin);
        assertThat(run(1, "topics", "create", "read.a", url, admin))
                .singleElement()
                .asString()
                .contains("409");
        assertThat(run(0, "topics", "show", "read.a", url, admin))
                .anyMatch(line -> line.matches("history +7"))
                .anyMatch(line -> line.matches("overflow +refuse"));
        assertThat(run(0, "topics", "show", "read.a", "--json", url, admin))
                .singleElement()
                .asString()
                .contains("\"dedup\":{\"window_ms\":1000,\"count\":9}");
        assertThat(run(0, "topics", "--prefix=read.", url, admin))
                .containsExactly("TOPIC   SUBSCRIBERS", "read.a            0");
        assertThat(run(0, "topics", "--json", "--after=read", "--limit=1", url, admin))
                .containsExactly("{\"name\":\"read.a\",\"subscribers\":0}");
        run(0, "topics", "delete", "read.a", url, admin);
        assertThat(run(1, "topics", "show", "read.a", url, admin))
                .singleElement()
                .asString()
                .contains("404");
    }

    @Test
    void whatIsWrongIsOneLineAndACode() throws Exception {
        assertThat(run(1, "topics", "create", "x", "--overflow=nix", url, admin))
                .singleElement()
                .asString()
                .contains("overflow must be drop_oldest");
        assertThat(run(2, "topics", "create", url, admin))
                .singleElement()
                .asString()
                .contains("NAME");
        assertThat(run(2, "topics", "--jsn", url, admin))
                .singleElement()
                .asString()
                .contains("--json");
        assertThat(run(1, "topics", "--url=http://127.0.0.1:1"))
                .singleElement()
                .asString()
                .contains("does a server run there?");
        assertThat(run(1, "topics", url)).singleElement().asString().contains("401", "--api-key");
        assertThat(run(1, "subscriptions", url, "--api-key=ff_wrong"))
                .singleElement()
                .asString()
                .contains("401", "not valid");
        assertThat(run(1, "subscriptions", url, reader))
                .singleElement()
                .asString()
                .contains("not allowed (403)");
        assertThat(run(1, "topics", "create", "read.b", url, reader))
                .singleElement()
                .asString()
                .contains("(403)");
        assertThat(run(0, "topics", url, reader)).isNotEmpty();
    }

    @Test
    void aSubscriptionIsListedAndEnded() throws Exception {
        run(0, "topics", "create", "worked", url, admin);
        assertThat(run(0, "subscriptions", url, admin))
                .singleElement()
                .asString()
                .startsWith("SUBSCRIPTION");
        assertThat(run(1, "subscriptions", "end", "nobody", url, admin))
                .singleElement()
                .asString()
                .contains("404");
    }
}
