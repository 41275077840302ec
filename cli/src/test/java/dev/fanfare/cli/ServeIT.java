package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher and `fanfare serve`, as processes.
class ServeIT {

    @Test
    void alonePrintsTheCommands() throws Exception {
        try (Command fanfare = Command.fanfare()) {
            assertThat(fanfare.exitCode()).isZero();
            assertThat(fanfare.output())
                    .anyMatch(line -> line.startsWith("  serve "))
                    .anyMatch(line -> line.startsWith("  pub TOPIC "))
                    .anyMatch(line -> line.startsWith("  sub PATTERN "))
                    .anyMatch(line -> line.startsWith("  test "));
        }
    }

    @Test
    void refusesACommandThatDoesNotExist() throws Exception {
        try (Command fanfare = Command.fanfare("sevre")) {
            assertThat(fanfare.exitCode()).isEqualTo(2);
            assertThat(fanfare.complaints()).first().asString().contains("no command 'sevre'");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serve", "pub", "sub", "test", "stress", "jmh", "bench"})
    void saysItsVersionEverywhere(String command) throws Exception {
        String[] words = command.isEmpty() ? new String[] {"--version"} : new String[] {command, "--version"};
        try (Command fanfare = Command.fanfare(words)) {
            assertThat(fanfare.exitCode()).isZero();
            assertThat(fanfare.output()).singleElement().asString().matches("fanfare \\d+\\.\\d+\\.\\d+.*");
        }
    }

    @Test
    void explainsEverySetting() throws Exception {
        try (Command serve = Command.fanfare("serve", "--help")) {
            assertThat(serve.exitCode()).isZero();
            assertThat(String.join("\n", serve.output()))
                    .contains("--port=PORT", "--history-memory=HISTORY_MEMORY", "Default: 40%", "--config=FILE");
        }
    }

    @Test
    void startsFromAnyFolderThroughALink(@TempDir Path folder) throws Exception {
        Path deep = Files.createDirectory(folder.resolve("a folder"));
        Path link = Files.createSymbolicLink(folder.resolve("a link"), Command.launcher());
        Path second = Files.createSymbolicLink(deep.resolve("fanfare"), Path.of("../a link"));
        assertThat(Files.exists(link)).isTrue();
        try (Command pub = Command.start(second, deep.toFile(), Map.of(), "pub", "--version")) {
            assertThat(pub.exitCode()).isZero();
        }
    }

    @Test
    void saysWhereItListensAndWhatToTry() throws Exception {
        try (Command serve = Command.fanfare("serve", "--port", "0", "--flat-port=0", "--memory", "256 MiB")) {
            String address = serve.lineWith("WebSocket").replaceFirst(".*ws://(.*)/ws", "$1");
            assertThat(serve.lineWith("REST")).endsWith("http://" + address);
            assertThat(serve.lineWith("docs")).endsWith("http://" + address + "/docs");
            assertThat(serve.lineWith("flat")).contains("ws://127.0.0.1:");
            assertThat(serve.lineWith("memory")).contains("256 MiB: -Xmx153m -XX:MaxDirectMemorySize=103m");
            assertThat(serve.lineWith("publish")).contains("./fanfare pub greetings --create --url http://" + address);
            assertThat(serve.lineWith("subscribe"))
                    .contains("./fanfare sub greetings --last 5 --url http://" + address);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void exitsWith0WhenItIsStopped(String signal) throws Exception {
        try (Command serve = Command.fanfare("serve", "--port", "0")) {
            serve.lineWith("stop");
            serve.signal(signal);
            assertThat(serve.exitCode()).isZero();
            assertThat(serve.complaints()).contains("fanfare serve: stopping", "fanfare serve: stopped");
        }
    }

    @Test
    void aTakenPortIsOneLine() throws Exception {
        try (Command first = Command.fanfare("serve", "--port", "0")) {
            String port = first.lineWith("WebSocket").replaceFirst(".*:(\\d+)/ws", "$1");
            try (Command second = Command.fanfare("serve", "--port", port)) {
                assertThat(second.exitCode()).isEqualTo(1);
                assertThat(second.output()).isEmpty();
                assertThat(second.complaints())
                        .singleElement()
                        .asString()
                        .contains("127.0.0.1:" + port)
                        .contains("the port is taken");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "serve --prot 1, --prot, Did you mean --port?",
        "pub topic --jason, --jason, Did you mean --json?",
        "sub, PATTERN, See fanfare sub --help",
        "sub a --count few, few, See fanfare sub --help",
        "pub a b, unexpected argument, See fanfare pub --help",
        "sub a --last 1 --from earliest, mutually exclusive, See fanfare sub --help",
    })
    void aWrongFlagIsOneLineThatHelps(String words, String what, String help) throws Exception {
        try (Command fanfare = Command.fanfare(words.split(" "))) {
            assertThat(fanfare.exitCode()).isEqualTo(2);
            assertThat(fanfare.output()).isEmpty();
            assertThat(fanfare.complaints()).singleElement().asString().contains(what, help, "--help");
        }
    }

    @Test
    void aWrongSettingIsRefusedWithItsOrigin(@TempDir Path folder) throws Exception {
        try (Command serve = Command.fanfare("serve", "--history", "many")) {
            refused(serve, "history", "'many'", "flag --history", "allowed is");
        }
        Map<String, String> environment = Map.of("FANFARE_HEARTBEAT", "often");
        try (Command serve = Command.start(Command.launcher(), new File("."), environment, "serve")) {
            refused(serve, "heartbeat", "'often'", "FANFARE_HEARTBEAT", "allowed is");
        }
        Path file = Files.write(folder.resolve("settings.yaml"), List.of("port: 0", "memory: little"));
        try (Command serve = Command.fanfare("serve", "--config", file.toString())) {
            refused(serve, "memory", "'little'", "settings.yaml", "allowed is");
        }
    }

    @Test
    void memoryAndPortComeFromTheFile(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("settings.yaml"), List.of("port: 0", "memory: \"100 MiB\" # small"));
        Map<String, String> environment = Map.of("FANFARE_CONFIG", file.toString());
        try (Command serve = Command.start(Command.launcher(), folder.toFile(), environment, "serve")) {
            assertThat(serve.lineWith("memory")).contains("100 MiB: -Xmx60m -XX:MaxDirectMemorySize=40m");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory: 100MiB\r\n",
                "\"memory\": 100 MiB\n",
                "'memory' : '100 MiB' # small\r\n",
                "memory: 100Mi"
            })
    void memoryIsFoundHoweverTheFileSpellsIt(String setting, @TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("settings.yaml"), "port: 0\r\n" + setting);
        try (Command serve = Command.fanfare("serve", "--config", file.toString())) {
            assertThat(serve.lineWith("memory")).contains("100 MiB: -Xmx60m -XX:MaxDirectMemorySize=40m");
            assertThat(serve.complaints()).isEmpty();
        }
    }

    @Test
    void warnsWhenTheJvmWasStartedForOtherMemory(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("settings.yaml"), "{port: 0, memory: 100MiB}");
        try (Command serve = Command.fanfare("serve", "--config", file.toString())) {
            assertThat(serve.complaintWith("warning")).contains("memory is set to 100 MiB", "was started for");
        }
    }

    @Test
    void aFolderIsNoConfiguration(@TempDir Path folder) throws Exception {
        try (Command serve = Command.fanfare("serve", "--config", folder.toString())) {
            refused(serve, folder.toString(), "s a directory");
        }
    }

    @Test
    void warnsWhenOtherMachinesCanReachIt() throws Exception {
        try (Command serve = Command.fanfare("serve", "--port", "0", "--host", "0.0.0.0")) {
            assertThat(serve.complaintWith("warning")).contains("0.0.0.0", "no authentication");
            assertThat(serve.lineWith("listening")).contains("0.0.0.0", "every address");
            assertThat(serve.lineWith("WebSocket")).contains("127.0.0.1");
        }
    }

    private static void refused(Command serve, String... parts) throws Exception {
        assertThat(serve.exitCode()).isEqualTo(2);
        assertThat(serve.complaints()).singleElement().asString().contains(parts);
    }
}
