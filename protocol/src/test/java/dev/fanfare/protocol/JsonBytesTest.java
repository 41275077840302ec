package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

class JsonBytesTest {

    private static final DateTimeFormatter RFC_3339 =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final JsonBytes out = new JsonBytes();
    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final Random random = new Random(seed);

    private byte[] written() {
        return Arrays.copyOf(out.array(), out.length());
    }

    @Test
    void everyCharacterComesBack() {
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
                comesBack("a" + Character.toString(point));
            }
        }
    }

    @Test
    void randomTextsComeBack() {
        String[] parts = {"a", "\"", "\\", "\n", "\0", "\u007f", "é", "日", "😀", "plain", "\u2028", "/"};
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(30); left > 0; left--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            comesBack(text.toString());
        }
    }

    private void comesBack(String text) {
        out.reset();
        out.string(text);
        byte[] json = written();
        String read = JsonScanner.string(json, 0, json.length - 1);
        if (!read.equals(text) || !JsonScanner.wellFormed(json)) {
            assertThat(read).as("seed " + seed).isEqualTo(text);
        }
    }

    @Test
    void anotherReaderReadsTheSame() {
        String text = "a\"\\\b\f\n\r\t\0\u001f\u007fé日😀\u2028";
        out.string(text);
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), written())) {
            parser.nextToken();
            assertThat(parser.getString()).isEqualTo(text);
        }
    }

    @Test
    void aLoneSurrogateBecomesAQuestionMark() {
        String text = "a\ud800,\udc00b,\udc00\ud800,\ud83dx\ude00,\ud83d\ude00,\ud800";
        out.string(text);
        assertThat(written()).asString(UTF_8).isEqualTo("\"a?,?b,??,?x?,\ud83d\ude00,?\"");
        assertThat(JsonScanner.wellFormed(written())).isTrue();
    }

    @Test
    void aStringThatComesAgainIsWrittenTheSame() {
        String[] texts = {"orders", "é\"\n", "x".repeat(1000), "", "Aa", "BB"};
        for (int i = 0; i < 500; i++) {
            String text = texts[random.nextInt(texts.length)];
            out.reset();
            out.string(text);
            byte[] json = written();
            assertThat(JsonScanner.string(json, 0, json.length - 1)).isEqualTo(text);
        }
    }

    @Test
    void controlCharactersHaveTheirShortForms() {
        out.string("\b\f\n\r\t\0\u007f");
        assertThat(out).hasToString("\"\\b\\f\\n\\r\\t\\u0000\u007f\"");
    }

    @Test
    void numbersAreWrittenAsTheyAre() {
        long power = 1;
        for (int digits = 1; digits <= 19; digits++) {
            for (long value : new long[] {power - 1, power, power + 1, -power}) {
                number(value);
            }
            power *= 10;
        }
        for (int i = 0; i < 10_000; i++) {
            number(random.nextLong() >> random.nextInt(64));
        }
        number(Long.MAX_VALUE);
        number(Long.MIN_VALUE);
    }

    private void number(long value) {
        out.reset();
        out.number(value);
        assertThat(out).as("seed " + seed).hasToString(Long.toString(value));
    }

    @Test
    void timesAreInUtcWithMilliseconds() {
        time(0);
        time(Instant.parse("2024-02-29T23:59:59.999Z").toEpochMilli());
        time(Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli());
        for (int i = 0; i < 20_000; i++) {
            time(random.nextLong(253_402_300_800_000L));
        }
        // Neighbours, back and forth: the last one written is remembered.
        long millis = Instant.parse("2026-01-31T23:59:58.990Z").toEpochMilli();
        for (int i = 0; i < 5_000; i++) {
            time(millis + random.nextInt(2_000));
        }
    }

    private void time(long millis) {
        out.reset();
        out.timestamp(millis);
        assertThat(out).as("seed " + seed).hasToString("\"" + RFC_3339.format(Instant.ofEpochMilli(millis)) + "\"");
        assertThat(out.length()).isEqualTo(JsonBytes.TIMESTAMP_LENGTH);
    }

    @Test
    void bytesAreWrittenInBase64() {
        for (int length = 0; length < 10; length++) {
            byte[] data = new byte[length];
            random.nextBytes(data);
            out.reset();
            out.base64(data);
            assertThat(Base64.getDecoder().decode(out.toString().replace("\"", "")))
                    .isEqualTo(data);
        }
    }

    @Test
    void growsAsNeededAndKeepsWhatWasWritten() {
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            out.raw("[").number(i).raw(",").string("é" + i).raw("]");
            expected.append('[').append(i).append(",\"é").append(i).append("\"]");
        }
        assertThat(out).hasToString(expected.toString());
        int at = out.claim(100_000);
        assertThat(at).isEqualTo(expected.toString().getBytes(UTF_8).length);
        assertThat(out.length()).isEqualTo(at + 100_000);
        assertThat(out.array().length).isGreaterThanOrEqualTo(out.length());
        out.reset();
        assertThat(out.length()).isZero();
    }
}
