package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `fanfare bench` on a real server, as processes. What is fast depends on the machine; what is counted does not.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenchIT {

    private static final List<String> SMALL = List.of(
            "bench",
            "custom",
            "--topics=2",
            "--publishers=3",
            "--subscribers=5",
            "--rate=60",
            "--seconds=1",
            "--warm-up=0");

    @TempDir
    private static Path folder;

    private Command serve;
    private String url = "";

    @BeforeAll
    void start() throws Exception {
        serve = Command.fanfare("serve", "--port=0", "--memory=256MiB");
        url = "--url=" + serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    @AfterAll
    void stop() {
        serve.close();
    }

    private Command small(String... more) throws Exception {
        List<String> words = new ArrayList<>(SMALL);
        words.add(url);
        words.addAll(List.of(more));
        return Command.fanfare(words.toArray(String[]::new));
    }

    @Test
    void everyMessageIsCountedAndTheTopicsAreGone() throws Exception {
        Path report = folder.resolve("report.html");
        try (Command bench = small("--json", "--report=" + report)) {
            assertThat(bench.exitCode()).as("%s", bench.complaints()).isZero();
            JsonNode result = JsonMapper.shared().readTree(bench.line());
            long published = result.path("published").asLong();
            assertThat(published).isPositive();
            // Two publishers use the topic with three subscribers, one that with two.
            assertThat(result.path("expected").asLong()).isBetween(2 * published, 3 * published);
            assertThat(result.path("delivered").asLong())
                    .isEqualTo(result.path("expected").asLong());
            assertThat(result.path("errors").isEmpty()).isTrue();
            assertThat(result.path("latency_ms").path("max").asDouble())
                    .isGreaterThanOrEqualTo(
                            result.path("latency_ms").path("p50").asDouble());
            assertThat(result.path("verdict").asString()).isIn("PASS", "WARN");
        }
        assertThat(Files.readString(report))
                .contains("<svg", "Messages per second", "Latency by percentile")
                .doesNotContain("http://www", "https://", "<script", "NaN");
        try (Command topics = Command.fanfare("topics", "--prefix=bench.", "--json", url)) {
            assertThat(topics.exitCode()).isZero();
            assertThat(topics.output()).isEmpty();
        }
    }

    @Test
    void acknowledgedMessagesAreCountedAsWell() throws Exception {
        try (Command bench = small("--acked")) {
            assertThat(bench.exitCode()).as("%s", bench.complaints()).isZero();
            assertThat(bench.output())
                    .anyMatch(line -> line.startsWith("delivered ") && line.contains("100.000 %"))
                    .anyMatch(line -> line.startsWith("PASS") || line.startsWith("WARN"));
        }
    }

    @Test
    void whatIsWrongIsOneLineAndACode() throws Exception {
        try (Command bench = Command.fanfare("bench", "--url=http://127.0.0.1:1")) {
            assertThat(bench.exitCode()).isEqualTo(1);
            assertThat(bench.complaints()).singleElement().asString().contains("does a server run there?");
        }
        try (Command bench = Command.fanfare("bench", "huge", url)) {
            assertThat(bench.exitCode()).isEqualTo(2);
            assertThat(bench.complaints()).singleElement().asString().contains("not 'huge'");
        }
        try (Command bench = small("--size=3")) {
            assertThat(bench.exitCode()).isEqualTo(2);
            assertThat(bench.complaints()).singleElement().asString().contains("--size must be 17 to");
        }
    }
}
