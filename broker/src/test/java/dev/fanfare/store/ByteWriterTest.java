package dev.fanfare.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What is written is read again, wherever the room runs out.
class ByteWriterTest {

    private static final List<String> TEXTS = List.of("", "a", "none", "äöü", "\uD83D\uDE00", "x".repeat(130));

    @Test
    void aTextIsReadAgainWhereverTheRoomRunsOut() {
        for (String text : TEXTS) {
            for (int before = 0; before < 300; before++) {
                ByteWriter out = new ByteWriter(16);
                for (int i = 0; i < before; i++) {
                    out.octet(7);
                }
                ByteReader in = new ByteReader(out.text(text).number(-1).toByteArray());
                for (int i = 0; i < before; i++) {
                    assertThat(in.octet()).isEqualTo(7);
                }
                assertThat(in.text()).as("'%s' behind %s bytes", text, before).isEqualTo(text);
                assertThat(in.number()).isEqualTo(-1);
            }
        }
    }
}
