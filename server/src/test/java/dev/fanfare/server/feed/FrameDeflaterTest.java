package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Message;
import dev.fanfare.protocol.JsonBytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

/// RFC 7692: whoever inflates a compressed event, with the four bytes that the wire leaves out, has the plain one.
class FrameDeflaterTest {

    private static String inflate(byte[] bytes, int from, int to) throws DataFormatException {
        byte[] whole = Arrays.copyOfRange(bytes, from, to + 4);
        System.arraycopy(new byte[] {0, 0, (byte) 0xFF, (byte) 0xFF}, 0, whole, to - from, 4);
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(whole);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] block = new byte[64 * 1024];
            for (int length = inflater.inflate(block); length > 0; length = inflater.inflate(block)) {
                out.write(block, 0, length);
            }
            assertThat(inflater.getRemaining()).isZero();
            assertThat(inflater.finished()).isFalse(); // more messages may follow
            return out.toString(StandardCharsets.ISO_8859_1);
        } finally {
            inflater.end();
        }
    }

    private static String random(Random random, int length, int letters) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) random.nextInt(letters));
        }
        return text.toString();
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void check(FrameDeflater deflater, String head, String tail) throws DataFormatException {
        JsonBytes out = new JsonBytes();
        deflater.begin().put(latin(head));
        deflater.compressTo(out);
        deflater.begin().put(latin(tail));
        deflater.storeTo(out);
        assertThat(inflate(out.array(), 0, out.length())).isEqualTo(head + tail);
    }

    @Test
    void inflatingGivesThePlainEvent() throws DataFormatException {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("FrameDeflaterTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        FrameDeflater deflater = new FrameDeflater();
        for (int length = 0; length < 300; length++) {
            check(deflater, random(random, length, 256), random(random, random.nextInt(100), 256));
        }
        // Around the size of the block that it compresses into, where its output may fill it exactly.
        for (int length = 8100; length < 8300; length++) {
            check(deflater, random(random, length, 256), "tail");
        }
        for (int round = 0; round < 100; round++) {
            check(
                    deflater,
                    random(random, random.nextInt(200_000), 2 + random.nextInt(255)),
                    random(random, random.nextInt(0xFFFF), 256));
        }
        check(deflater, "x".repeat(1_000_000), "");
        check(deflater, "", "y".repeat(0xFFFF));
    }

    @Test
    void aWholeFrameSaysThatItIsCompressed() throws DataFormatException {
        EventFrame frame = new EventFrame(new EventEncoding() {
            @Override
            public void head(JsonBytes out, String topic, Message draft) {
                out.put(latin(topic + " " + draft.text()));
            }

            @Override
            public void tail(JsonBytes out, Message stored) {
                out.put(latin(" " + stored.offset()));
            }

            @Override
            public boolean compressed() {
                return true;
            }
        });
        for (int size : new int[] {0, 10, 1000, 100_000}) {
            String text = random(new Random(size), size, 100).replaceAll("[^A-Za-z]", "x");
            Message draft = Message.text(text);
            frame.begin("t", draft);
            frame.finish(draft.stored("id", "t", "e", 17, 0));
            frame.finish(draft.stored("id", "t", "e", 17, 0)); // the second feed of the kind changes nothing

            assertThat(frame.array()[frame.from()]).isEqualTo((byte) TextFrame.COMPRESSED_TEXT);
            int length7 = frame.array()[frame.from() + 1];
            int header = length7 == 127 ? 10 : length7 == 126 ? 4 : 2;
            assertThat(inflate(frame.array(), frame.from() + header, frame.from() + frame.length()))
                    .isEqualTo("t " + text + " 17");
        }
    }
}
