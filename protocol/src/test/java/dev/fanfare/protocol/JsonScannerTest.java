package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JsonScannerTest {

    static List<String> accepted() {
        return JsonTexts.accepted();
    }

    static List<String> refused() {
        return JsonTexts.refused();
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void readsWhatIsJson(String line) {
        assertThat(JsonScanner.wellFormed(JsonTexts.bytes(line))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refusesWhatIsNot(String line) {
        assertThat(JsonScanner.wellFormed(JsonTexts.bytes(line))).isFalse();
    }

    @Test
    void theTablesAreJudgedAlikeByAnotherReader() {
        assertThat(accepted())
                .allSatisfy(line -> assertThat(JacksonVerdict.accepts(JsonTexts.bytes(line)))
                        .as(line)
                        .isTrue());
        assertThat(refused())
                .allSatisfy(line -> assertThat(JacksonVerdict.accepts(JsonTexts.bytes(line)))
                        .as(line)
                        .isFalse());
    }

    @Test
    void everyBeginningOfADocumentIsRefused() {
        byte[] whole = "{\"a\":[1,-2.5e+3,true,false,null,{\"b\":\"x\\u00e9\\n\"}],\"c\":{\"d\":[]}}".getBytes(UTF_8);
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThat(JsonScanner.wellFormed(part)).as(new String(part, UTF_8)).isFalse();
        }
        assertThat(JsonScanner.wellFormed(whole)).isTrue();
    }

    @Test
    void aControlCharacterIsFoundAtEveryPlaceOfAString() {
        for (int length = 1; length <= 40; length++) {
            for (int at = 0; at < length; at++) {
                byte[] text = ("\"" + "x".repeat(length) + "\"").getBytes(UTF_8);
                text[1 + at] = 0x1F;
                assertThat(JsonScanner.wellFormed(text))
                        .as("%d of %d", at, length)
                        .isFalse();
                text[1 + at] = ' ';
                assertThat(JsonScanner.wellFormed(text))
                        .as("%d of %d", at, length)
                        .isTrue();
            }
        }
    }

    @Test
    void staysWithinItsBounds() {
        byte[] text = "xx[1,2]yy".getBytes(UTF_8);
        JsonScanner scanner = new JsonScanner(4);
        scanner.begin(text, 2, 7);
        scanner.skipValue(0);
        scanner.end();
        assertThat(scanner.position()).isEqualTo(7);
        scanner.begin(text, 2, 6);
        assertThatThrownBy(() -> scanner.skipValue(0)).hasMessageContaining("the text ends at byte 4");
    }

    @Test
    void nestingIsBounded() {
        assertThat(JsonScanner.wellFormed(nested(64))).isTrue();
        assertThat(JsonScanner.wellFormed(nested(65))).isFalse();
        assertThat(JsonScanner.wellFormed(nested(1_000_000))).isFalse();
    }

    @Test
    void tellsHowDeepIsTooDeep() {
        JsonScanner scanner = new JsonScanner(3);
        byte[] text = "[[[[]]]]".getBytes(UTF_8);
        scanner.begin(text, 0, text.length);
        assertThatThrownBy(() -> scanner.skipValue(0)).hasMessage("JSON is nested deeper than 3 levels at byte 3");
    }

    private static byte[] nested(int depth) {
        return ("[".repeat(depth) + "]".repeat(depth)).getBytes(UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "[1,]|expected a value but there is ']' at byte 3",
                "{\"a\" 1}|expected ':' but there is '1' at byte 5",
                "[1 2]|expected ',' or ']' but there is '2' at byte 3",
                "{\"a\":1|expected ',' or '}' but the text ends at byte 6",
                "\"a|expected the end of a string but the text ends at byte 2",
                "\"\\x\"|expected an escape but there is 'x' at byte 2",
                "\"\\u12g4\"|expected four hexadecimal digits but there is 'g' at byte 5",
                "1.x|expected a digit but there is 'x' at byte 2",
                "nul|expected null but the text ends at byte 3",
                "{} {}|expected the end of the text but there is '{' at byte 3",
                "é|expected a value but there is the byte 0xc3 at byte 0",
            })
    void saysWhatWasExpectedAndWhere(String text, String message) {
        byte[] bytes = text.getBytes(UTF_8);
        JsonScanner scanner = new JsonScanner(64);
        scanner.begin(bytes, 0, bytes.length);
        assertThatThrownBy(() -> {
                    scanner.skipValue(0);
                    scanner.end();
                })
                .hasMessage("invalid JSON: " + message);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "\"abc\"|abc",
                "\"a\\\"b\\\\c\\/d\"|a\"b\\c/d",
                "\"\\u0041\\u00e9\\u65e5\"|Aé日",
                "\"\\ud83d\\ude00 😀\"|😀 😀",
            })
    void stringsAreReadWithTheirEscapes(String json, String text) {
        byte[] bytes = json.getBytes(UTF_8);
        assertThat(JsonScanner.string(bytes, 0, bytes.length - 1)).isEqualTo(text);
    }

    @Test
    void escapesOfControlCharactersAreRead() {
        byte[] bytes = "\"\\b\\f\\n\\r\\t\\u0000\"".getBytes(UTF_8);
        assertThat(JsonScanner.string(bytes, 0, bytes.length - 1)).isEqualTo("\b\f\n\r\t\0");
    }
}
