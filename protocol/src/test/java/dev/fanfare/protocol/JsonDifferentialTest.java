package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The scanner and Jackson agree about every text: random documents, the same with a few bytes changed, and the tables.
class JsonDifferentialTest {

    private static final byte[] TELLING = "\"\"\\\\{}[]::,,  \t\n\r0019-+.eEtfnulaxsr/u\0\u001f\u007f".getBytes(UTF_8);

    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void agreesOnRandomDocuments() {
        for (int i = 0; i < 20_000; i++) {
            byte[] document = new RandomJson(random).document();
            assertThat(JsonScanner.wellFormed(document))
                    .as(() -> "seed " + seed + ": " + new String(document, UTF_8))
                    .isTrue();
            agree(document);
        }
    }

    @Test
    void agreesOnDocumentsWithAFewBytesChanged() {
        int accepted = 0;
        for (int i = 0; i < 150_000; i++) {
            byte[] document = new RandomJson(random).document();
            for (int changes = 1 + random.nextInt(3); changes > 0 && document.length > 0; changes--) {
                document = changed(document);
            }
            accepted += agree(document) ? 1 : 0;
        }
        // Were nearly all or nearly none still JSON, this would show little.
        assertThat(accepted).as("seed " + seed).isBetween(10_000, 140_000);
    }

    @Test
    void agreesOnTheTablesWithAByteChanged() {
        for (List<String> table : List.of(JsonTexts.accepted(), JsonTexts.refused())) {
            for (String line : table) {
                byte[] text = JsonTexts.bytes(line);
                for (int i = 0; i < 100 && text.length > 0; i++) {
                    agree(changed(text));
                }
            }
        }
    }

    @Test
    void agreesOnShortRunsOfTellingBytes() {
        for (int i = 0; i < 300_000; i++) {
            byte[] text = new byte[1 + random.nextInt(8)];
            for (int k = 0; k < text.length; k++) {
                text[k] = TELLING[random.nextInt(TELLING.length)];
            }
            agree(text);
        }
    }

    private boolean agree(byte[] text) {
        boolean ours = JsonScanner.wellFormed(text);
        if (ours != JacksonVerdict.accepts(text)) {
            assertThat(ours)
                    .as("seed %d, text %s = %s", seed, HexFormat.of().formatHex(text), new String(text, UTF_8))
                    .isEqualTo(!ours);
        }
        return ours;
    }

    private byte[] changed(byte[] text) {
        int at = random.nextInt(text.length);
        byte other = random.nextInt(4) == 0 ? (byte) random.nextInt(256) : TELLING[random.nextInt(TELLING.length)];
        byte[] changed;
        switch (random.nextInt(4)) {
            case 0 -> {
                changed = text.clone();
                changed[at] = other;
            }
            case 1 -> {
                changed = Arrays.copyOf(text, text.length + 1);
                System.arraycopy(text, at, changed, at + 1, text.length - at);
                changed[at] = other;
            }
            case 2 -> {
                changed = Arrays.copyOf(text, text.length - 1);
                System.arraycopy(text, at + 1, changed, at, text.length - at - 1);
            }
            default -> changed = Arrays.copyOf(text, at);
        }
        return changed;
    }
}
