package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinesTest {

    @Test
    void endsLinesAtNewLines() throws Exception {
        assertThat(all("a\nb\r\n\nc\rd\r\n")).containsExactly("a", "b", "", "c\rd");
        assertThat(all("a\nb")).containsExactly("a", "b");
        assertThat(all("\n")).containsExactly("");
        assertThat(all("")).isEmpty();
    }

    @Test
    void readsLinesLongerThanItsBuffer() throws Exception {
        String line = "ä".repeat(100_000);
        assertThat(all(line + "\nnext\n")).containsExactly(line, "next");
    }

    @Test
    void countsLines() throws Exception {
        Lines lines = new Lines(stream("a\n\nb"));
        lines.next();
        assertThat(lines.number()).isEqualTo(1);
        lines.next();
        lines.next();
        assertThat(lines.number()).isEqualTo(3);
        assertThat(lines.next()).isNull();
        assertThat(lines.number()).isEqualTo(3);
    }

    @Test
    void knowsWhatWasNotUtf8() throws Exception {
        byte[] bytes = "caf\u00e9\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
        Lines lines = new Lines(new SequenceInputStream(stream("caf\u00e9 \uFFFD\n"), new ByteArrayInputStream(bytes)));
        assertThat(lines.next()).isEqualTo("caf\u00e9 \uFFFD");
        assertThat(lines.malformed()).isFalse();
        assertThat(lines.next()).isEqualTo("caf\uFFFD");
        assertThat(lines.malformed()).isTrue();
    }

    @Test
    void passesOverALineThatIsTooLong() throws Exception {
        InputStream endless = new ByteArrayInputStream(new byte[Lines.BYTES_MAX + 1]);
        Lines lines = new Lines(new SequenceInputStream(endless, stream("\nnext\n")));
        assertThatThrownBy(lines::next).isInstanceOf(IOException.class).hasMessageContaining("longer than");
        assertThat(lines.next()).isEqualTo("next");
        assertThat(lines.number()).isEqualTo(2);
    }

    private static List<String> all(String text) throws IOException {
        Lines lines = new Lines(stream(text));
        List<String> all = new ArrayList<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            all.add(line);
        }
        return all;
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
