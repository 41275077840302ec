package dev.fanfare.server.websocket;

import static dev.fanfare.server.websocket.ClientFrames.FIN;
import static dev.fanfare.server.websocket.ClientFrames.RSV1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Where reads end means nothing: any split of the same bytes, with pauses in between, gives the same calls.
class FrameSplitTest {

    private static final int MAX = 2000;

    private final MessageInflater inflater = new MessageInflater();

    @Test
    void anySplitOfTheSameBytesGivesTheSameCalls() {
        run(1_000);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void anySplitOfTheSameBytesGivesTheSameCallsForLong() {
        run(50_000);
    }

    private void run(int rounds) {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("FrameSplitTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < rounds; round++) {
            byte[] bytes = random.nextInt(4) == 0 ? damaged(random, frames(random)) : frames(random);
            boolean deflate = random.nextBoolean();
            assertThat(Calls.scattered(bytes, MAX, deflate ? inflater : null, random))
                    .as("seed %d, round %d", seed, round)
                    .isEqualTo(Calls.whole(bytes, MAX, deflate ? inflater : null));
        }
    }

    private static byte[] frames(Random random) {
        ClientFrames frames = new ClientFrames();
        boolean inMessage = false;
        for (int count = random.nextInt(12); count >= 0; count--) {
            if (random.nextInt(4) == 0) {
                frames.frame(FIN | (random.nextBoolean() ? Opcode.PING : Opcode.PONG), payload(random, 125));
            } else {
                boolean last = random.nextInt(3) != 0;
                int opcode = inMessage ? Opcode.CONTINUATION : random.nextInt(6) == 0 ? Opcode.BINARY : Opcode.TEXT;
                int first = (last ? FIN : 0) | opcode;
                int size = random.nextInt(20) == 0 ? MAX * 20 : random.nextInt(5) == 0 ? MAX : 200;
                if (!inMessage && random.nextInt(8) == 0) {
                    frames.frame(first | RSV1, CompressedMessageTest.compress(payload(random, size)));
                } else {
                    frames.frame(first, payload(random, size));
                }
                inMessage = !last;
            }
        }
        if (random.nextInt(5) == 0) {
            frames.frame(FIN | Opcode.CLOSE, new byte[] {3, (byte) (0xE0 + random.nextInt(32)), 'x'});
        }
        return frames.bytes();
    }

    private static byte[] payload(Random random, int atMost) {
        int length = random.nextInt(4) == 0 ? 0 : random.nextInt(atMost + 1);
        StringBuilder text = new StringBuilder(length);
        while (text.length() < length) {
            text.append((char) (random.nextInt(10) == 0 ? 0x80 + random.nextInt(0x700) : 'a' + random.nextInt(26)));
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        return bytes.length <= atMost ? bytes : "a".repeat(atMost).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] damaged(Random random, byte[] bytes) {
        for (int count = random.nextInt(3); count >= 0 && bytes.length > 0; count--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }
}
