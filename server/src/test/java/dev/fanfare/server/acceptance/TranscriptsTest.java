package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Plays every transcript against a server of its own, over real sockets.
class TranscriptsTest {

    private static final Path FOLDER = Path.of("..", "protocol", "src", "test", "transcripts");

    @TestFactory
    Stream<DynamicTest> standardDialect() throws IOException {
        return transcripts("standard");
    }

    @TestFactory
    Stream<DynamicTest> flatDialect() throws IOException {
        return transcripts("flat");
    }

    private static Stream<DynamicTest> transcripts(String dialect) throws IOException {
        try (Stream<Path> files = Files.list(FOLDER.resolve(dialect))) {
            List<Path> found = files.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList();
            assertThat(found).isNotEmpty();
            return found.stream()
                    .map(file -> DynamicTest.dynamicTest(
                            dialect + "/" + file.getFileName(),
                            file.toUri(),
                            () -> play(file, dialect.equals("flat"))));
        }
    }

    private static void play(Path file, boolean flat) throws IOException {
        Transcript transcript = Transcript.read(file);
        try (RunningServer server = RunningServer.start(transcript.settings());
                TranscriptPlayer player = new TranscriptPlayer(flat ? server.flatPort() : server.port())) {
            player.play(transcript);
            server.awaitSubscribers(0);
        }
    }
}
