package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/// The reader of transcripts itself.
class TranscriptTest {

    @Test
    void readsEveryKindOfLine() {
        Transcript transcript = Transcript.parse(List.of(
                "# a comment",
                "! heartbeat = 1s",
                "POST /topics {\"name\":\"t\"}",
                "= 201 {\"status\":\"created\",\"topic\":\"t\"}",
                "DELETE /topics/t",
                "= 204",
                "a: /ws?client_id=me",
                "a> {\"type\":\"ping\"}",
                "< {\"type\":\"pong\"}",
                "a> <close 1000>",
                "a< <close 1001>"));

        assertThat(transcript.settings()).containsEntry("heartbeat", "1s");
        assertThat(transcript.steps())
                .containsExactly(
                        new Transcript.Call(3, "POST", "/topics", "{\"name\":\"t\"}"),
                        new Transcript.Answer(4, 201, "{\"status\":\"created\",\"topic\":\"t\"}"),
                        new Transcript.Call(5, "DELETE", "/topics/t", ""),
                        new Transcript.Answer(6, 204, ""),
                        new Transcript.Open(7, "a", "/ws?client_id=me"),
                        new Transcript.Send(8, "a", "{\"type\":\"ping\"}"),
                        new Transcript.Receive(9, "", "{\"type\":\"pong\"}"),
                        new Transcript.SendClose(10, "a", 1000),
                        new Transcript.ReceiveClose(11, "a", 1001));
    }

    @Test
    void refusesLinesItDoesNotKnow() {
        assertThatThrownBy(() -> Transcript.parse(List.of("", "hello")))
                .hasMessageContaining("line 2")
                .hasMessageContaining("hello");
    }

    @Test
    void comparesEverythingButPlaceholders() {
        Transcript.Values values = new Transcript.Values();
        String template = "{\"type\":\"pong\",\"ts\":\"<ts>\"}";

        assertThat(values.matches(template, "{\"type\":\"pong\",\"ts\":\"2026-01-31T12:00:00.000Z\"}"))
                .isTrue();
        assertThat(values.matches(template, "{\"type\":\"pong\",\"ts\":\"2026-01-31 12:00:00\"}"))
                .isFalse();
        assertThat(values.matches(template, "{\"ts\":\"2026-01-31T12:00:00.000Z\",\"type\":\"pong\"}"))
                .isFalse();
        assertThat(values.matches("{\"m\":\"<text>\"}", "{\"m\":\"a \\\" b\"}")).isTrue();
        assertThat(values.matches("{\"m\":\"<text>\"}", "{\"m\":\"a\",\"n\":\"b\"}"))
                .isFalse();
    }

    @Test
    void remembersNamedValues() {
        Transcript.Values values = new Transcript.Values();

        assertThat(values.matches("{\"epoch\":\"<epoch=e>\",\"offset\":<int=o>}", "{\"epoch\":\"x1\",\"offset\":17}"))
                .isTrue();
        assertThat(values.fill("{\"since\":{\"epoch\":\"<e>\",\"offset\":<o>}}"))
                .isEqualTo("{\"since\":{\"epoch\":\"x1\",\"offset\":17}}");
        assertThat(values.matches("{\"epoch\":\"<e>\"}", "{\"epoch\":\"x2\"}")).isFalse();
    }
}
