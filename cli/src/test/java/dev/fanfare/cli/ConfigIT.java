package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fanfare config`, and settings taken anew by a server that runs.
class ConfigIT {

    @TempDir
    private Path folder;

    private Path file(String... lines) throws Exception {
        return Files.write(folder.resolve("fanfare.yaml"), List.of(lines));
    }

    @Test
    void goodSettingsAreGood() throws Exception {
        Path file = file("port: 0", "history: 7");
        try (Command check = Command.fanfare("config", "check", "--config", file.toString(), "--max-topics", "3")) {
            assertThat(check.exitCode()).isZero();
            assertThat(check.output()).singleElement().asString().contains("3 set");
        }
    }

    @Test
    void wrongOnesAreToldWithTheirPlace() throws Exception {
        Path file = file("port: 0", "histroy: 7");
        try (Command check = Command.fanfare("config", "check", "--config", file.toString())) {
            assertThat(check.exitCode()).isEqualTo(2);
            assertThat(check.complaints()).singleElement().asString().contains("histroy", "line 2");
        }
        try (Command check = Command.fanfare("config", "check", "--port", "70000")) {
            assertThat(check.exitCode()).isEqualTo(2);
            assertThat(check.complaints()).singleElement().asString().contains("port", "'70000'", "flag --port");
        }
        try (Command check = Command.fanfare("config", "check", "--port", "8000", "--flat-port", "8000")) {
            assertThat(check.exitCode()).isEqualTo(2);
            assertThat(check.complaints()).singleElement().asString().contains("both 8000");
        }
    }

    @Test
    void showsWhereEachCameFrom() throws Exception {
        Path file = file("history: 7");
        Map<String, String> environment = Map.of("FANFARE_CONFIG", file.toString(), "FANFARE_MAX_TOPICS", "9");
        try (Command show = Command.start(
                Command.launcher(), new File("."), environment, "config", "show", "--set", "--port", "1")) {
            assertThat(show.exitCode()).isZero();
            assertThat(show.output())
                    .anySatisfy(line -> assertThat(line).matches("history +7 +.*fanfare.yaml, line 1"))
                    .anySatisfy(
                            line -> assertThat(line).matches("max-topics +9 +environment variable FANFARE_MAX_TOPICS"))
                    .anySatisfy(line -> assertThat(line).matches("port +1 +flag --port"))
                    .hasSize(3);
        }
        try (Command show = Command.fanfare("config", "show", "--json")) {
            assertThat(show.exitCode()).isZero();
            assertThat(show.output())
                    .contains("{\"name\":\"port\",\"value\":\"8080\",\"origin\":\"default\",\"live\":false}");
        }
    }

    @Test
    void aServerThatRunsTakesThemAnewByCommandAndBySignal() throws Exception {
        Path file = file("history: 7");
        try (Command serve = Command.fanfare("serve", "--port", "0", "--config", file.toString())) {
            String url = serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
            file("history: 8", "event-loops: 2");
            try (Command reload = Command.fanfare("config", "reload", "--url", url)) {
                assertThat(reload.exitCode()).isZero();
                assertThat(reload.output())
                        .anySatisfy(line ->
                                assertThat(line).startsWith("history: 7 -> 8 (").contains("line 1"))
                        .anySatisfy(line -> assertThat(line)
                                .startsWith("event-loops: auto -> 2 (")
                                .endsWith("needs a restart"))
                        .hasSize(2);
            }
            file("history: never");
            try (Command reload = Command.fanfare("config", "reload", "--url", url)) {
                assertThat(reload.exitCode()).isEqualTo(1);
                assertThat(reload.complaints()).singleElement().asString().contains("nothing has changed", "'never'");
            }
            serve.signal("HUP");
            serve.complaintWith("settings: nothing was taken: setting history");
            file("history: 9");
            serve.signal("HUP");
            serve.complaintWith("settings: history: 8 -> 9");
            serve.signal("TERM");
            assertThat(serve.exitCode()).isZero();
        }
    }

    @Test
    void aServerThatIsAwayIsOneLine() throws Exception {
        try (Command reload = Command.fanfare("config", "reload", "--url", "http://127.0.0.1:1")) {
            assertThat(reload.exitCode()).isEqualTo(1);
            assertThat(reload.complaints()).singleElement().asString().contains("can't reach");
        }
    }
}
