package dev.fanfare.server.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What any compressor made comes back as it was, however it was put together; what was damaged harms nothing but
/// itself.
class MessageInflaterFuzzTest {

    private static final int[] FLUSHES = {Deflater.NO_FLUSH, Deflater.SYNC_FLUSH, Deflater.FULL_FLUSH};

    private final MessageInflater inflater = new MessageInflater();

    @Test
    void wholeMessagesComeBackAndDamagedOnesHarmNothing() {
        run(1_500);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void wholeMessagesComeBackAndDamagedOnesHarmNothingForLong() {
        run(300_000);
    }

    private void run(int rounds) {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("MessageInflaterFuzzTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        int malformed = 0;
        for (int i = 0; i < rounds; i++) {
            byte[] text = text(random);
            int max = random.nextInt(4) == 0 ? random.nextInt(text.length + 10) : 20_000;
            byte[] message = compressed(random, text);
            if (random.nextBoolean()) {
                // The array may hold more than the message.
                byte[] longer = Arrays.copyOf(message, message.length + 20);
                whole(seed, text, longer, message.length, max);
            } else {
                whole(seed, text, message, message.length, max);
            }

            int size = inflater.inflate(damaged(random, message), message.length, max);
            assertThat(size)
                    .as("seed %d", seed)
                    .isGreaterThanOrEqualTo(MessageInflater.MALFORMED)
                    .isLessThanOrEqualTo(max);
            assertThat(inflater.bytes().length).isLessThanOrEqualTo(20_001);
            malformed += size == MessageInflater.MALFORMED ? 1 : 0;
        }
        assertThat(malformed).as("seed %d", seed).isGreaterThan(rounds / 20);
    }

    private void whole(long seed, byte[] text, byte[] message, int length, int max) {
        int size = inflater.inflate(message, length, max);
        if (text.length > max) {
            assertThat(size).as("seed %d", seed).isEqualTo(MessageInflater.TOO_LARGE);
        } else {
            assertThat(Arrays.copyOf(inflater.bytes(), size))
                    .as("seed %d", seed)
                    .isEqualTo(text);
        }
    }

    private static byte[] text(Random random) {
        byte[] text = new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 500)];
        int letters = 1 + random.nextInt(random.nextBoolean() ? 4 : 256);
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) random.nextInt(letters);
        }
        return text;
    }

    /// In parts, each at a level and with a strategy of its own and flushed or not: stored, fixed and dynamic blocks,
    /// empty ones between them.
    private static byte[] compressed(Random random, byte[] text) {
        Deflater deflater = new Deflater(random.nextInt(10), true);
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] block = new byte[32 * 1024];
            int from = 0;
            while (from < text.length) {
                int to = random.nextBoolean() ? text.length : from + 1 + random.nextInt(text.length - from);
                deflater.setInput(text, from, to - from);
                deflater.setLevel(random.nextInt(10));
                deflater.setStrategy(random.nextInt(3));
                int flush = FLUSHES[random.nextInt(FLUSHES.length)];
                int length;
                do {
                    length = deflater.deflate(block, 0, block.length, flush);
                    out.write(block, 0, length);
                } while (length == block.length || !deflater.needsInput());
                from = to;
            }
            // Section 7.2.1 of RFC 7692: an empty stored block ends it, and its last four bytes are left out.
            int n = deflater.deflate(block, 0, block.length, Deflater.SYNC_FLUSH);
            out.write(block, 0, n);
            byte[] all = out.toByteArray();
            boolean ended = all.length >= 4 && all[all.length - 1] == -1 && all[all.length - 2] == -1;
            return ended ? Arrays.copyOf(all, all.length - 4) : new byte[] {0};
        } finally {
            deflater.end();
        }
    }

    private static byte[] damaged(Random random, byte[] message) {
        byte[] damaged = message.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0 && damaged.length > 0; changes--) {
            int at = random.nextInt(damaged.length);
            damaged[at] = (byte) (random.nextBoolean() ? damaged[at] ^ 1 << random.nextInt(8) : random.nextInt(256));
        }
        return damaged;
    }
}
