package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The JDK's decoder is the judge.
class Utf8Test {

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer decoded = CharBuffer.allocate(256);

    @Test
    void agreesOnEverySequenceOfThreeBytes() {
        byte[] text = new byte[3];
        // Of the plain first bytes one will do: what may follow it may follow any.
        for (int first = 0x7F; first <= 0xFF; first++) {
            for (int rest = 0; rest <= 0xFFFF; rest++) {
                text[0] = (byte) first;
                text[1] = (byte) (rest >> 8);
                text[2] = (byte) rest;
                agree(text);
            }
        }
    }

    @Test
    void agreesOnRandomBytesOfAllLengths() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 500_000; i++) {
            byte[] text = new byte[random.nextInt(24)];
            for (int k = 0; k < text.length; k++) {
                int kind = random.nextInt(8);
                text[k] = (byte) (kind < 4 ? 'a' : kind < 7 ? 0x80 + random.nextInt(0x80) : random.nextInt(256));
            }
            agree(text);
        }
    }

    @Test
    void aBadByteIsFoundAtEveryPlace() {
        for (int length = 1; length <= 40; length++) {
            for (int at = 0; at < length; at++) {
                byte[] text = "x".repeat(length).getBytes(StandardCharsets.UTF_8);
                text[at] = (byte) 0xFF;
                assertThat(Utf8.wellFormed(text, 0, length)).isFalse();
                assertThat(Utf8.wellFormed(text, 0, at)).isTrue();
                assertThat(Utf8.wellFormed(text, at + 1, length)).isTrue();
            }
        }
    }

    @Test
    void everyCharacterIsWellFormed() {
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
                byte[] text = Character.toString(point).getBytes(StandardCharsets.UTF_8);
                if (!Utf8.wellFormed(text, 0, text.length)) {
                    assertThat(Integer.toHexString(point)).isEqualTo("well-formed");
                }
            }
        }
    }

    private void agree(byte[] text) {
        decoded.clear();
        decoder.reset();
        boolean expected = !decoder.decode(ByteBuffer.wrap(text), decoded, true).isError();
        if (Utf8.wellFormed(text, 0, text.length) != expected) {
            assertThat(HexFormat.of().formatHex(text)).isEqualTo(expected ? "well-formed" : "malformed");
        }
    }
}
