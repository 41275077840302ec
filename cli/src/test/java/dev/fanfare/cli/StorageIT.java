package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.TopicConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `fanfare storage`: on a folder that a server uses, on one that nobody uses, on one that is damaged, and on what is
/// no store. As a process where it is about the process, its input and its terminal.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StorageIT {

    private static final int MESSAGES = 2_000;

    @TempDir
    private static Path temporary;

    private Command server;
    private String url;

    /// The folder a server uses.
    private static Path used() {
        return temporary.resolve("used");
    }

    @BeforeAll
    void start() throws Exception {
        fill(used());
        server = Command.fanfare("serve", "--port=0", "--memory=128MiB", "--log-level=warn", "--data=" + used());
        url = server.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    @AfterAll
    void stop() throws Exception {
        server.signal("TERM");
        assertThat(server.exitCode()).isZero();
        server.close();
    }

    /// A closed store with a topic in it, `orders`, in the files of tables.
    private static void fill(Path folder) throws IOException {
        Path made = temporary.resolve("made");
        if (!Files.exists(made)) {
            make(made);
            // Opened once more: files that were replaced when the store was closed are gone then.
            output(storage("stats", made));
        }
        try (Stream<Path> files = Files.walk(made)) {
            for (Path file : files.toList()) {
                Path target = folder.resolve(made.relativize(file).toString());
                if (!Files.isDirectory(target)) {
                    Files.copy(file, target);
                }
            }
        }
    }

    private static void make(Path folder) {
        try (RocksStore store = RocksStore.open(folder, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            broker.createTopic(
                    "orders",
                    TopicConfig.defaults()
                            .withHistory(1_000_000)
                            .withHistoryBytes(1 << 30)
                            .withDurability(Durability.WRITTEN));
            List<CompletableFuture<PublishResult>> results = IntStream.range(0, MESSAGES)
                    .mapToObj(n -> Message.json("{\"n\":" + n + ",\"pad\":\"" + "x".repeat(200) + "\"}")
                            .withKey("k" + n))
                    .map(message -> broker.publishAsync("orders", message))
                    .toList();
            assertThat(results).allSatisfy(each -> assertThat(each.join()).isInstanceOf(PublishResult.Accepted.class));
        }
        // What is in the log goes into files when it is opened again.
        RocksStore.open(folder, StorageOptions.DEFAULT).close();
    }

    private static String[] words(String command, Path folder, String... more) {
        return Stream.concat(Stream.of("storage", command, "--data=" + folder), Stream.of(more))
                .toArray(String[]::new);
    }

    private static InProcess storage(String command, Path folder, String... more) {
        return InProcess.run(words(command, folder, more));
    }

    /// What a command says that goes well and complains about nothing.
    private static List<String> output(InProcess answer) {
        assertThat(answer.exitCode()).as("%s", answer.complaints()).isZero();
        assertThat(answer.complaints()).isEmpty();
        return answer.output();
    }

    /// A command that fails says why in one line, and nothing else.
    private static void fails(InProcess answer, int exitCode, String... why) {
        assertThat(answer.exitCode()).isEqualTo(exitCode);
        assertThat(answer.complaints()).singleElement().asString().contains(why);
        assertThat(answer.output()).isEmpty();
    }

    private static List<String> withoutPlaces(List<String> exported) {
        return exported.stream()
                .map(line -> line.replaceFirst("\"offset\":\\d+,\"epoch\":\"\\w+\",\"timestamp\":\\d+,", ""))
                .toList();
    }

    // ---- a folder that a server uses

    @Test
    void aServerIsAskedForFiguresCopiesAndLinesAndTakesLines() throws Exception {
        assertThat(output(storage("stats", used())))
                .anyMatch(line -> line.matches("orders +" + MESSAGES + " +0 +" + MESSAGES))
                .anyMatch(line -> line.matches("messages +\\d+ +\\d+ +\\d+"))
                .anyMatch(line -> line.startsWith("write-ahead log: "))
                .noneMatch(line -> line.contains("damaged"));

        List<String> lines = output(storage("export", used(), "orders"));
        assertThat(lines).hasSize(MESSAGES);
        assertThat(lines.get(7))
                .startsWith("{\"offset\":7,\"epoch\":\"")
                .contains("\"key\":\"k7\"", "\"payload\":{\"n\":7,");

        String some = String.join("\n", lines.subList(0, 100)) + "\n\n";
        assertThat(output(InProcess.fed(some, words("import", used(), "imported"))))
                .containsExactly("imported 101 lines into imported");
        assertThat(Wire.rest("GET", url + "/topics/imported", "")
                        .path("messages")
                        .asInt())
                .isEqualTo(100);

        Path backup = temporary.resolve("backup");
        assertThat(output(storage("backup", used(), backup.toString()))).containsExactly("copied to " + backup);
        fails(storage("backup", used(), backup.toString()), 1, "there is something there already");

        Path restored = temporary.resolve("restored");
        assertThat(output(storage("restore", restored, backup.toString())))
                .containsExactly("restored into " + restored);
        assertThat(output(storage("verify", restored))).containsExactly("nothing is damaged");
        fails(storage("restore", restored, backup.toString()), 1, restored.toString(), "is not empty");
        try (Command other = Command.fanfare("serve", "--port=0", "--memory=128MiB", "--data=" + restored)) {
            String there = other.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
            assertThat(Wire.rest("GET", there + "/topics/orders", "")
                            .path("messages")
                            .asInt())
                    .isEqualTo(MESSAGES);
            assertThat(output(storage("export", restored, "orders")).get(7))
                    .doesNotStartWith(lines.get(7).substring(0, lines.get(7).indexOf(",\"timestamp\"")));
            assertThat(withoutPlaces(output(storage("export", restored, "imported"))))
                    .isEqualTo(withoutPlaces(lines.subList(0, 100)));
        }
    }

    @Test
    void aServerNamesTheBrokenLineHoweverMuchFollows() throws Exception {
        try (Command command = Command.fanfare(words("import", used(), "half"))) {
            String good = "{\"payload\":{\"n\":1}}\n";
            byte[] much = (good.repeat(2) + "{\"payload\":\n" + good.repeat(200_000)).getBytes(StandardCharsets.UTF_8);
            try {
                command.input(much).endInput();
            } catch (IOException gone) {
                // It may end before it has read everything.
            }
            assertThat(command.exitCode()).isEqualTo(1);
            assertThat(command.complaints())
                    .singleElement()
                    .asString()
                    .contains("line 3 can't be imported: it is no JSON", "; the lines before it are");
        }
        assertThat(Wire.rest("GET", url + "/topics/half", "").path("messages").asInt())
                .isEqualTo(2);
    }

    @Test
    void aServerThatUsesTheFolderKeepsOthersFromVerifyingIt() throws Exception {
        fails(storage("verify", used()), 1, used().toString(), "is in use by process");
    }

    @Test
    void aTopicThatIsNotThereIsNamed() throws Exception {
        fails(storage("export", used(), "nowhere"), 1, "there is no durable topic 'nowhere'");
    }

    // ---- a folder that nobody uses

    @Test
    void linesGoFromOneFolderToAnother() throws Exception {
        Path from = temporary.resolve("from");
        fill(from);
        List<String> lines = output(storage("export", from, "orders"));
        Path to = temporary.resolve("to");
        Files.createDirectory(to);
        try (Command command = Command.fanfare(words("import", to, "orders"))) {
            command.input(String.join("\n", lines) + "\n").endInput();
            assertThat(command.exitCode()).as("%s", command.complaints()).isZero();
            assertThat(command.complaints()).isEmpty();
            assertThat(command.output()).containsExactly("imported " + MESSAGES + " lines into orders");
        }
        try (RocksStore store = RocksStore.open(to, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            assertThat(withoutPlaces(broker.topic("orders").orElseThrow().read(0, 10_000, 1 << 24).stream()
                            .map(MessageLines::write)
                            .toList()))
                    .isEqualTo(withoutPlaces(lines));
            // And while this process has it:
            fails(
                    storage("stats", to),
                    1,
                    "is in use by process " + ProcessHandle.current().pid());
        }
    }

    @Test
    void aBrokenLineIsNamedAndThoseBeforeItAreThere() throws Exception {
        Path folder = temporary.resolve("broken-lines");
        Files.createDirectory(folder);
        fails(
                InProcess.fed("{\"payload\":1}\n{\"payload\":2} 3\n{\"payload\":3}\n", words("import", folder, "t")),
                1,
                "line 2 can't be imported: something follows the object; the lines before it are");
        assertThat(output(storage("export", folder, "t")))
                .singleElement()
                .asString()
                .contains("\"payload\":1");
    }

    // ---- a damaged folder

    /// A closed store in whose largest file some bytes are wrong.
    ///
    /// @return the name of that file
    private static String damaged(Path folder) throws IOException {
        fill(folder);
        return damage(folder);
    }

    private static String damage(Path folder) throws IOException {
        Path largest;
        try (Stream<Path> files = Files.list(folder.resolve("db"))) {
            largest = files.filter(file -> file.toString().endsWith(".sst"))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
        try (RandomAccessFile file = new RandomAccessFile(largest.toFile(), "rw")) {
            for (int at = 0; at < 8; at++) {
                file.seek(file.length() / 2 + at);
                int old = file.read();
                file.seek(file.length() / 2 + at);
                file.write(~old);
            }
        }
        return largest.getFileName().toString();
    }

    private static void verifyNames(Path folder, String file) {
        InProcess verify = storage("verify", folder);
        assertThat(verify.exitCode()).isEqualTo(1);
        assertThat(verify.complaints()).isEmpty();
        assertThat(verify.output()).hasSize(2);
        assertThat(verify.output().getFirst()).contains(file);
        assertThat(verify.output().getLast()).isEqualTo("1 damaged");
    }

    /// What can be read of a topic that is damaged; what can't is said.
    private static void exportOfTheRest(Path folder) {
        InProcess export = storage("export", folder, "orders");
        assertThat(export.exitCode()).isZero();
        assertThat(export.output().size()).isBetween(MESSAGES / 2, MESSAGES - 1);
        assertThat(export.complaints()).anyMatch(line -> line.contains("can't be read"));
    }

    @Test
    void whatIsDamagedIsNamedAndTheRestIsExported() throws Exception {
        Path folder = temporary.resolve("damaged");
        String file = damaged(folder);
        verifyNames(folder, file);
        exportOfTheRest(folder);
    }

    @Test
    void aDamagedStoreIsMeasuredAndNotCopied() throws Exception {
        Path folder = temporary.resolve("damaged-and-used");
        String file = damaged(folder);
        InProcess stats = storage("stats", folder);
        assertThat(stats.exitCode()).as("%s", stats.complaints()).isZero();
        assertThat(stats.output()).anyMatch(line -> line.matches("orders +" + MESSAGES + " +0 +" + MESSAGES));
        // A copy that lacks something would be taken for a good one.
        fails(
                storage("backup", folder, temporary.resolve("no-backup").toString()),
                1,
                "could not copy the store " + folder,
                "checksum mismatch",
                file);
        exportOfTheRest(folder);
    }

    @Test
    void whatIsDamagedInABackupIsNamedAndTheRestRestored() throws Exception {
        Path folder = temporary.resolve("sound");
        fill(folder);
        Path backup = temporary.resolve("damaged-backup");
        output(storage("backup", folder, backup.toString()));
        String file = damage(backup);
        verifyNames(backup, file);
        Path restored = temporary.resolve("damaged-restored");
        output(storage("restore", restored, backup.toString()));
        verifyNames(restored, file);
        exportOfTheRest(restored);
    }

    // ---- on a terminal

    /// Runs a command on a terminal of its own, which `script` of util-linux makes.
    ///
    /// @param line what the shell gets, with `%s` for the command
    /// @return what was written to the terminal
    private static String onTerminal(String line, String... words) throws Exception {
        String command = Stream.concat(Stream.of(Command.launcher().toString(), "storage"), Stream.of(words))
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        try (Command script = Command.start(
                Path.of("script"), new File("."), Map.of(), "-qec", line.formatted(command), "/dev/null")) {
            int code = script.endInput().exitCode();
            assertThat(code).as("%s %s", script.output(), script.complaints()).isZero();
            return String.join("\n", script.output());
        }
    }

    private static final String DONE = "[##############################] 100 % ";

    @Test
    void whatTakesLongShowsOnATerminalHowFarItIs() throws Exception {
        Path folder = temporary.resolve("shown");
        fill(folder);
        String lines = temporary.resolve("shown-lines").toString();
        String data = "--data=" + folder;
        assertThat(onTerminal("%s > '" + lines + "'", "export", data, "orders"))
                .contains("[###############...............] 50 % exported, 1000 of " + MESSAGES + " messages")
                .contains(DONE + "exported, " + MESSAGES + " of " + MESSAGES + " messages");
        assertThat(Path.of(lines)).content().doesNotContain("exported");
        // Where the lines are seen, nothing comes between them.
        assertThat(onTerminal("%s", "export", data, "orders"))
                .contains("\"key\":\"k7\"")
                .doesNotContain("exported");
        String into = "--data=" + Files.createDirectory(temporary.resolve("shown-imported"));
        assertThat(onTerminal("%s < '" + lines + "'", "import", into, "orders"))
                .contains(DONE + "imported, ", " MiB", "imported " + MESSAGES + " lines into orders");
        // Nobody knows how much comes through a pipe.
        assertThat(onTerminal("cat '" + lines + "' '" + lines + "' | %s", "import", into, "again"))
                .contains("imported, 0 MiB", "imported, 1 MiB", "imported " + 2 * MESSAGES + " lines into again")
                .doesNotContain(" %");
    }

    /// What a command shows where standard error is a terminal and standard output is not.
    private static String shown(String command, Path folder, String... more) {
        System.setProperty("fanfare.terminals", "stderr");
        try {
            InProcess answer = storage(command, folder, more);
            assertThat(answer.exitCode()).as("%s", answer.complaints()).isZero();
            return String.join("\n", answer.complaints());
        } finally {
            System.clearProperty("fanfare.terminals");
        }
    }

    @Test
    void whateverTakesLongShowsHowFarItIsWhereverItIsDone() throws Exception {
        Path folder = temporary.resolve("shown-here");
        fill(folder);
        Path backup = temporary.resolve("shown-backup");
        for (Path each : List.of(folder, used())) {
            Path copy = backup.resolve(String.valueOf(each.getFileName()));
            assertThat(shown("backup", each, copy.toString())).contains(DONE + "copied, ", " MiB");
            assertThat(shown("export", each, "orders"))
                    .contains(DONE + "exported, " + MESSAGES + " of " + MESSAGES + " messages");
        }
        assertThat(shown("verify", folder)).contains(DONE + "verified, ");
        assertThat(shown(
                        "restore",
                        temporary.resolve("shown-restored"),
                        backup.resolve("shown-here").toString()))
                .contains(DONE + "copied, ");
    }

    // ---- what is no store

    @ParameterizedTest
    @CsvSource({
        "stats, missing, there is no folder",
        "verify, missing, holds no store",
        "stats, empty, holds no store",
        "export, strange, holds no store",
        "stats, newer, was written by a newer version (format 3",
        "restore, target, is no backup of a store",
    })
    void whatIsNoStoreIsRefusedAndLeftAsItIs(String command, String folder, String why) throws Exception {
        Path path = temporary.resolve("no-" + folder + "-" + command);
        switch (folder) {
            case "empty" -> Files.createDirectory(path);
            case "strange" -> Files.writeString(Files.createDirectory(path).resolve("letter.txt"), "dear");
            case "newer" -> Files.writeString(Files.createDirectory(path).resolve("FORMAT"), "fanfare-storage 3\n");
            default -> assertThat(path).doesNotExist();
        }
        List<Path> before = files(path);
        fails(
                switch (command) {
                    case "restore" ->
                        storage(
                                command,
                                path,
                                Files.createDirectories(temporary.resolve("none"))
                                        .toString());
                    case "export" -> storage(command, path, "orders");
                    default -> storage(command, path);
                },
                1,
                "fanfare storage " + command,
                why);
        assertThat(files(path)).isEqualTo(before);
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    // ---- words

    @Test
    void everyCommandIsExplainedAndAWrongOneRefused() throws Exception {
        assertThat(String.join("\n", output(InProcess.run("storage", "--help"))))
                .contains("verify", "stats", "backup", "restore", "export", "import");
        Map<String, String> words = Map.of(
                "verify", "what is damaged",
                "stats", "what the store takes",
                "backup", "DIR",
                "restore", "BACKUP",
                "export", "TOPIC",
                "import", "standard input");
        for (Map.Entry<String, String> each : words.entrySet()) {
            assertThat(String.join("\n", output(InProcess.run("storage", each.getKey(), "--help"))))
                    .contains("fanfare storage " + each.getKey(), "--data=DIR", each.getValue());
        }
        try (Command command = Command.fanfare("storage", "--help")) {
            assertThat(command.exitCode()).isZero();
        }
        fails(InProcess.run("storage"), 2, "A command is missing");
        fails(InProcess.run("storage", "export", "--data=" + used()), 2, "TOPIC");
    }
}
