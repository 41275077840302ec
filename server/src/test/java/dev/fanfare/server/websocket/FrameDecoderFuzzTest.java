package dev.fanfare.server.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever bytes come: nothing is thrown, the connection ends at most once, and splitting them changes nothing.
///
/// In the ordinary suite it runs over the inputs kept beside it. The fuzzer, which takes longer to start than they
/// take, looks for new ones with `JAZZER_FUZZ=1` where tests tagged `stress` run.
class FrameDecoderFuzzTest {

    private static final int MAX = 1000;

    @ParameterizedTest
    @MethodSource("kept")
    void takesWhatIsKept(String name) throws IOException {
        takesAnyBytes(Files.readAllBytes(inputs().resolve(name)));
    }

    private static List<String> kept() throws IOException {
        try (Stream<Path> files = Files.list(inputs())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static Path inputs() {
        URL folder = Objects.requireNonNull(
                FrameDecoderFuzzTest.class.getResource("FrameDecoderFuzzTestInputs/takesAnyBytes"));
        return Path.of(folder.getPath());
    }

    @FuzzTest(maxDuration = "1m")
    @Tag("stress")
    void takesAnyBytes(byte[] bytes) {
        MessageInflater inflater = bytes.length % 2 == 0 ? new MessageInflater() : null;
        List<String> whole = Calls.whole(bytes, MAX, inflater);

        assertThat(Calls.split(bytes, MAX, inflater, bytes.length / 2)).isEqualTo(whole);
        int[] everywhere = new int[bytes.length];
        Arrays.setAll(everywhere, i -> i);
        assertThat(Calls.split(bytes, MAX, inflater, everywhere)).isEqualTo(whole);
        long violations =
                whole.stream().filter(line -> line.startsWith("violation")).count();
        assertThat(violations).isLessThanOrEqualTo(1);
        assertThat(whole.stream().skip(Math.max(0, whole.size() - 1)).filter(line -> line.startsWith("violation")))
                .hasSize((int) violations);
    }
}
