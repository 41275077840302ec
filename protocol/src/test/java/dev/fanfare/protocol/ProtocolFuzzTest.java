package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;

/// Whatever bytes arrive. In the ordinary suite these run over the inputs kept beside the other test resources; with
/// `JAZZER_FUZZ=1` in the environment one of them, named with `-Dtest`, goes on to look for inputs of its own.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ProtocolFuzzTest {

    private final DecodeInvariants invariants = new DecodeInvariants();

    @FuzzTest(maxDuration = "1m")
    void everyTextIsAnsweredInJson(byte[] text) {
        invariants.check(text);
    }

    @FuzzTest(maxDuration = "1m")
    void whatIsJsonIsWhatAnotherReaderAccepts(byte[] text) {
        assertThat(JsonScanner.wellFormed(text)).isEqualTo(JacksonVerdict.accepts(text));
    }

    @FuzzTest(maxDuration = "1m")
    void aStringIsReadAsItWasWritten(byte[] text) {
        // Any two bytes are a char: lone surrogates too.
        StringBuilder chars = new StringBuilder();
        for (int i = 0; i + 1 < text.length; i += 2) {
            chars.append((char) (text[i] << 8 | text[i + 1] & 0xFF));
        }
        String string = chars.toString();
        JsonBytes out = new JsonBytes();
        out.string(string);
        byte[] json = Arrays.copyOf(out.array(), out.length());
        assertThat(JsonScanner.wellFormed(json)).isTrue();
        assertThat(JsonScanner.string(json, 0, json.length - 1)).isEqualTo(withoutLoneSurrogates(string));
    }

    private static String withoutLoneSurrogates(String string) {
        StringBuilder kept = new StringBuilder();
        string.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
