package dev.fanfare.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Compression;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Payload;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompressionTest {

    static Stream<Compression> all() {
        return Stream.of(Compression.gzip(), Compression.zstd());
    }

    @ParameterizedTest
    @MethodSource("all")
    void aPayloadIsPlainToWhoDoesNotAsk(Compression how) {
        String text = "{\"a\":\"" + "grün ".repeat(500) + "\"}";
        Payload plain = Payload.json(text);
        Payload packed = plain.compressed(how);

        assertThat(packed.storedSize()).isLessThan(plain.size() / 10);
        assertThat(packed.size()).isEqualTo(plain.size());
        assertThat(packed.text()).isEqualTo(text);
        assertThat(packed.toByteArray()).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
        byte[] copy = new byte[plain.size() + 2];
        packed.copyTo(copy, 2);
        assertThat(Arrays.copyOfRange(copy, 2, copy.length)).isEqualTo(plain.toByteArray());
        assertThat(packed.isJson(bytes -> bytes.length == plain.size())).isTrue();
        assertThat(packed).isEqualTo(plain).hasSameHashCodeAs(plain);
        assertThat(plain).isEqualTo(packed);
        assertThat(packed.encoding()).contains(how.name());
        assertThat(plain.encoding()).isEmpty();
        assertThat(packed.compressed(how)).isSameAs(packed);
        assertThat(Compression.named(how.name())).contains(how);
    }

    @ParameterizedTest
    @MethodSource("all")
    void whoTakesItGetsItCompressed(Compression how) {
        Payload packed = Payload.text("x".repeat(1_000)).compressed(how);
        byte[] bytes = packed.encoded(how.name()).orElseThrow();

        assertThat(packed.encoded("other")).isEmpty();
        assertThat(Payload.text("x").encoded(how.name())).isEmpty();
        assertThat(Payload.ofCompressed(bytes, Payload.TEXT, how, 1_000)).isEqualTo(Payload.text("x".repeat(1_000)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void whatDoesNotBecomeSmallerStaysAsItIs(Compression how) {
        byte[] noise = new byte[1_000];
        new Random(1).nextBytes(noise);
        Payload payload = Payload.bytes(noise, Payload.BINARY);

        assertThat(payload.compressed(how)).isSameAs(payload);
        assertThat(Payload.text("").compressed(how).encoding()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("all")
    void aBombIsRefusedBeforeItGoesOff(Compression how) {
        byte[] bomb = how.compress(new byte[100_000_000]);
        assertThat(bomb.length).isLessThan(200_000);

        assertThatThrownBy(() -> Payload.ofCompressed(bomb, Payload.BINARY, how, 65_536))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE))
                .hasMessageContainingAll(how.name(), String.valueOf(bomb.length), "65536");
        byte[] fitting = how.compress(new byte[65_536]);
        assertThat(Payload.ofCompressed(fitting, Payload.BINARY, how, 65_536).size())
                .isEqualTo(65_536);
        assertThatThrownBy(() -> Payload.ofCompressed(fitting, Payload.BINARY, how, 65_535))
                .isInstanceOf(FanfareException.class);
    }

    /// Damaged bytes are refused, or expand to something within the bound; nothing else is ever thrown.
    @ParameterizedTest
    @MethodSource("all")
    void damagedBytesAreRefused(Compression how) {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] whole =
                how.compress("some text, some text, and so on ".repeat(50).getBytes(StandardCharsets.UTF_8));
        int refused = 0;
        for (int i = 0; i < 2_000; i++) {
            byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(how.expand(damaged, 4_096).length).isLessThanOrEqualTo(4_096);
            } catch (FanfareException e) {
                assertThat(e.code()).as("seed %d", seed).isIn(ErrorCode.BAD_REQUEST, ErrorCode.TOO_LARGE);
                refused++;
            }
        }
        assertThat(refused).as("seed %d", seed).isGreaterThan(1_000);
        assertThatThrownBy(() -> how.expand(new byte[0], 10)).isInstanceOf(FanfareException.class);
        assertThatThrownBy(() -> how.expand("plain text".getBytes(StandardCharsets.UTF_8), 100))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining(how.name());
    }

    @Test
    void anUnknownNameIsNone() {
        assertThat(Compression.named("br")).isEmpty();
    }
}
