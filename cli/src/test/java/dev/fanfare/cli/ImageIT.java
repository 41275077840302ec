package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes into a container: the folder that `fanfare image` makes, started as there, with no other Java in sight.
class ImageIT {

    private static final Map<String, String> BARE =
            Map.of("JAVA_HOME", "", "HOME", "/nonexistent", "PATH", "/usr/bin:/bin");

    @TempDir
    private static Path folder;

    private static Path image;

    @BeforeAll
    static void makesAnImage() throws Exception {
        image = folder.resolve("an image");
        try (Command made = Command.fanfare("image", image.toString())) {
            assertThat(made.endsWithin(Duration.ofMinutes(3)))
                    .as("made an image: %s", made.complaints())
                    .isTrue();
            assertThat(made.exitCode()).as("%s", made.complaints()).isZero();
        }
    }

    @Test
    void servesDurableTopicsWithItsOwnJava() throws Exception {
        Path data = folder.resolve("data");
        String port;
        try (Command serve = started("serve", "--port", "0", "--data", data.toString(), "--durable", "orders")) {
            port = serve.lineWith("WebSocket").replaceFirst(".*:(\\d+)/ws", "$1");
            String url = "http://127.0.0.1:" + port;
            try (Command health = started("health", "--url", url)) {
                assertThat(health.exitCode()).as("%s", health.complaints()).isZero();
                assertThat(health.output()).singleElement().asString().contains("ready");
            }
            try (Command pub = started("pub", "orders", "--create", "--url", url)) {
                pub.input("one\ntwo\n").endInput();
                assertThat(pub.exitCode()).as("%s", pub.complaints()).isZero();
            }
            serve.signal("TERM");
            assertThat(serve.exitCode()).isZero();
        }
        try (Command verify = started("storage", "verify", "--data", data.toString())) {
            assertThat(verify.exitCode()).as("%s", verify.complaints()).isZero();
        }
    }

    @Test
    void itsJavaIsSmallAndItsStartPrepared() throws Exception {
        assertThat(image.resolve("server.aot")).exists();
        assertThat(image.resolve("client.aot")).exists();
        try (Command version = started("--version")) {
            assertThat(version.exitCode()).isZero();
            assertThat(version.output()).singleElement().asString().matches("fanfare \\d+\\.\\d+\\.\\d+.*");
        }
        Process modules = new ProcessBuilder(image.resolve("runtime/bin/java").toString(), "--list-modules").start();
        assertThat(new String(modules.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("java.base@")
                .doesNotContain("java.desktop", "jdk.compiler");
    }

    @Test
    void eachStartUsesTheCacheThatWasMadeForIt() throws Exception {
        Map<String, String> orNotAtAll = new HashMap<>(BARE);
        orNotAtAll.put("JAVA_TOOL_OPTIONS", "-XX:AOTMode=on");
        for (String command : List.of("serve", "topics")) {
            try (Command help = Command.start(image.resolve("fanfare"), new File("/"), orNotAtAll, command, "--help")) {
                assertThat(help.exitCode())
                        .as("%s: %s", command, help.complaints())
                        .isZero();
            }
        }
    }

    @Test
    void saysWhatNeedsTheSources() throws Exception {
        for (String command : List.of("test", "stress", "jmh", "example", "image")) {
            try (Command refused = started(command, "x")) {
                assertThat(refused.exitCode()).isEqualTo(1);
                assertThat(refused.complaints()).singleElement().asString().contains("the sources of Fanfare");
            }
        }
    }

    @Test
    void aServerThatIsNotThereIsNotHealthy() throws Exception {
        try (Command health = started("health", "--url", "http://127.0.0.1:1")) {
            assertThat(health.exitCode()).isEqualTo(1);
            assertThat(health.complaints()).singleElement().asString().contains("can't reach");
        }
    }

    @Test
    void aFolderWithSomethingInItIsLeftAlone(@TempDir Path full) throws Exception {
        Path mine = Files.writeString(full.resolve("mine"), "mine");
        try (Command refused = Command.fanfare("image", full.toString())) {
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.complaints()).last().asString().contains("is not empty");
        }
        assertThat(full).isDirectoryContaining(path -> path.equals(mine)).isNotEmptyDirectory();
        assertThat(full.toFile().list()).hasSize(1);
    }

    private static Command started(String... words) throws IOException {
        return Command.start(image.resolve("fanfare"), new File("/"), BARE, words);
    }
}
