package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What `docs/protocol.md` shows is what is played against the server: every line of its examples stands in the
/// transcript it names, in the same order. And its tables know all codes.
class ProtocolPageTest {

    private static final Pattern EXAMPLE =
            Pattern.compile("^```transcript (\\S+)\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private final String page = read(Path.of("..", "docs", "protocol.md"));

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void examplesAreTakenFromTranscripts() {
        Matcher example = EXAMPLE.matcher(page);
        int examples = 0;
        while (example.find()) {
            examples++;
            Path transcript = Path.of("src", "test", "transcripts").resolve(example.group(1));
            Iterator<String> played = read(transcript).lines().iterator();
            for (String line : example.group(2).lines().toList()) {
                assertThat(found(played, line))
                        .as("%s has the line: %s", transcript, line)
                        .isTrue();
            }
        }
        assertThat(examples).isGreaterThan(8);
    }

    private static boolean found(Iterator<String> played, String line) {
        while (played.hasNext()) {
            if (played.next().equals(line)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void everyCodeIsExplained() {
        for (WireError.Code code : WireError.Code.values()) {
            for (String name : List.of(code.standard(), code.flat())) {
                assertThat(page).contains("`" + name + "`");
            }
        }
    }

    @Test
    void everyFieldIsMentioned() {
        for (Field field : Field.values()) {
            String path = field.path();
            // The settings of an acknowledgement are refused together with it.
            if (!List.of("max_in_flight", "ack_timeout_ms", "retry", "dead_letter")
                    .contains(path)) {
                assertThat(page).contains("`" + path.substring(path.indexOf('.') + 1) + "`");
            }
        }
    }
}
