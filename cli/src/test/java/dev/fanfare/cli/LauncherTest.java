package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the launcher does by itself, with scripts in the place of JVMs: it is a copy, and has nothing to build.
class LauncherTest {

    /// Tells in `told` how it was called. What is recorded is a server that runs until it is ended, and leaves
    /// something half written then, and a client that ends it, or, where there is a file `hangs`, never does.
    private static final String JAVA = """
            #!/bin/sh
            echo "$* env:$(env | grep -E '^(FANFARE|PUBSUB)_' | tr '\\n' ' ')" >>'HERE/told'
            for argument in "$@"; do
              case $argument in -XX:AOTCacheOutput=*) cache=${argument#*=} ;; esac
            done
            case "$*" in
              *AOTCacheOutput*' serve '*)
                sleep 60 &
                trap 'kill %1; echo half >"$cache"; exit 0' TERM
                echo $$ >'HERE/server'
                wait
                ;;
              *AOTCacheOutput*' rehearse '*)
                while [ ! -s 'HERE/server' ]; do sleep 0.01; done
                echo half >"$cache"
                if [ -f 'HERE/hangs' ]; then touch 'HERE/hanging' && exec sleep 60; fi
                while [ "$1" != rehearse ]; do shift; done
                kill "$2"
                ;;
            esac
            """;

    @TempDir
    private Path folder = Path.of("");

    private Path app = Path.of("");

    @BeforeEach
    void copy() throws IOException {
        Files.copy(Path.of("../fanfare"), folder.resolve("fanfare"));
        app = folder.resolve("cli/target/fanfare");
        Files.createDirectories(app.resolve("lib"));
        Files.createFile(app.resolve("built"));
        jdk("one");
    }

    private void jdk(String name) throws IOException {
        Path bin = Files.createDirectories(folder.resolve(name).resolve("bin"));
        Files.writeString(bin.resolveSibling("release"), "JAVA_VERSION=\"25\"\n");
        for (String program : List.of("java", "javac")) {
            Files.writeString(bin.resolve(program), JAVA.replace("HERE", folder.toString()));
            Files.setPosixFilePermissions(bin.resolve(program), PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private Process start(String jdk, Map<String, String> environment, String... before) throws IOException {
        List<String> command = new ArrayList<>(List.of(before));
        command.addAll(List.of("sh", folder.resolve("fanfare").toString(), "health"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        builder.environment().put("JAVA_HOME", folder.resolve(jdk).toString());
        return builder.start();
    }

    private static String output(Process process) throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).as(output).isTrue();
        return output;
    }

    private List<String> told() throws IOException {
        return Files.readAllLines(folder.resolve("told"));
    }

    @Test
    void theRecordingOpensNobodysStoreAndIsMadeOnce() throws Exception {
        Map<String, String> mine = Map.of(
                "FANFARE_DATA", "/mine", "FANFARE_CONFIG", "/mine.yaml", "PUBSUB_PORT", "1", "FANFARE_PORT", "2");
        assertThat(output(start("one", mine)))
                .contains("preparing quick starts")
                .doesNotContain("could not");
        assertThat(told()).hasSize(4);
        assertThat(told().subList(0, 3)).allMatch(line -> line.endsWith("env:") && !line.contains("mine"));
        assertThat(told().getLast()).contains("AOTCache=", "health", "FANFARE_DATA=/mine", "PUBSUB_PORT=1");
        assertThat(app.resolve("server.aot")).exists();
        assertThat(app.resolve("rehearsal.out")).doesNotExist();

        assertThat(output(start("one", mine))).isEmpty();
        assertThat(told()).hasSize(5);
    }

    @Test
    void aRecordingThatIsInterruptedLeavesNoProcessAndNothingHalf() throws Exception {
        Files.createFile(folder.resolve("hangs"));
        // Whoever is started by something that is deaf to Ctrl-C would be, too.
        Process launcher = start("one", Map.of(), "env", "--default-signal=INT", "setsid");
        while (!Files.exists(folder.resolve("hanging"))) {
            assertThat(launcher.waitFor(5, TimeUnit.MILLISECONDS)).isFalse();
        }
        long server = Long.parseLong(Files.readString(folder.resolve("server")).strip());
        // As a terminal does: to all that runs in it.
        new ProcessBuilder("sh", "-c", "kill -s INT -- -" + launcher.pid())
                .start()
                .waitFor();
        output(launcher);
        assertThat(launcher.exitValue()).isNotZero();
        assertThat(ProcessHandle.of(server).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(told()).noneMatch(line -> line.contains("health"));
        try (Stream<Path> left = Files.list(app)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("built", "lib", "rehearsal.log");
        }
        Files.delete(folder.resolve("hangs"));
        Files.delete(folder.resolve("server"));
        assertThat(output(start("one", Map.of()))).contains("preparing quick starts");
        assertThat(told().getLast()).contains("AOTCache=", "health");
    }

    @Test
    void whoMayNotWriteUsesAnotherJdkWithoutRecording() throws Exception {
        output(start("one", Map.of()));
        jdk("two");
        Path told = folder.resolve("told");
        Files.setPosixFilePermissions(told, PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(app, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            // Nothing is read-only for root.
            boolean root = Files.getOwner(folder).getName().equals("root");
            String[] other = root ? new String[] {"setpriv", "--reuid=65534", "--clear-groups"} : new String[0];
            assertThat(output(start("two", Map.of(), other))).isEmpty();
        } finally {
            Files.setPosixFilePermissions(app, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        assertThat(told().getLast()).contains("health");
        assertThat(Files.readString(app.resolve("rehearsed"))).contains("/one");
    }
}
