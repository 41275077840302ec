package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// RFC 6455, section 5.2: the header of a server's text frame, in the shortest form there is.
class TextFrameTest {

    @ParameterizedTest
    @CsvSource({
        "0, 8100",
        "1, 8101",
        "125, 817d",
        "126, 817e007e",
        "65535, 817effff",
        "65536, 817f0000000000010000",
        "1000000, 817f00000000000f4240"
    })
    void headersAreInTheirShortestForm(int length, String header) {
        byte[] text = new byte[length];
        Arrays.fill(text, (byte) 'x');
        TextFrame frame = new TextFrame();
        frame.begin().put(text);
        frame.end(TextFrame.TEXT);

        byte[] bytes = Arrays.copyOfRange(frame.array(), frame.from(), frame.from() + frame.length());
        StringBuilder hex = new StringBuilder();
        for (int i = 0; i < bytes.length - length; i++) {
            hex.append(String.format("%02x", bytes[i]));
        }
        assertThat(hex.toString()).isEqualTo(header);
        assertThat(Arrays.copyOfRange(bytes, bytes.length - length, bytes.length))
                .isEqualTo(text);
    }

    @Test
    void theNextFrameKnowsNothingOfTheOneBefore() {
        TextFrame frame = new TextFrame();
        frame.begin().put(new byte[70_000]);
        frame.end(TextFrame.TEXT);
        frame.begin().put(new byte[] {'h', 'i'});
        frame.end(TextFrame.TEXT);

        assertThat(Arrays.copyOfRange(frame.array(), frame.from(), frame.from() + frame.length()))
                .containsExactly(0x81, 2, 'h', 'i');
    }
}
