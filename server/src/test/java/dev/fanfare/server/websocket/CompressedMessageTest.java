package dev.fanfare.server.websocket;

import static dev.fanfare.server.websocket.ClientFrames.FIN;
import static dev.fanfare.server.websocket.ClientFrames.RSV1;
import static dev.fanfare.server.websocket.ClientFrames.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// RFC 7692: messages that clients compressed.
class CompressedMessageTest {

    private static final int MAX = 10_000;

    private static List<String> says(ClientFrames frames) {
        return Calls.whole(frames.bytes(), MAX, new MessageInflater());
    }

    /// Section 7.2.1: without the four bytes that end it.
    static byte[] compress(byte[] text) {
        return compress(text, Deflater.SYNC_FLUSH, Deflater.DEFAULT_COMPRESSION, 4);
    }

    private static byte[] compress(byte[] text, int flush, int level, int cut) {
        Deflater deflater = new Deflater(level, true);
        try {
            deflater.setInput(text);
            if (flush == Deflater.NO_FLUSH) {
                deflater.finish();
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] block = new byte[64 * 1024];
            int length;
            do {
                length = deflater.deflate(block, 0, block.length, flush);
                out.write(block, 0, length);
            } while (length == block.length);
            byte[] all = out.toByteArray();
            return Arrays.copyOf(all, all.length - cut);
        } finally {
            deflater.end();
        }
    }

    private static ClientFrames compressed(byte[] text) {
        return new ClientFrames().frame(FIN | RSV1 | Opcode.TEXT, compress(text));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 4095, 4096, 4097, 8192, MAX})
    void readsCompressedTexts(int length) {
        String text = "abc \u20ac ".repeat(length).substring(0, Math.max(0, length / 2));

        assertThat(says(compressed(utf8(text)).text("plain"))).containsExactly("text " + text, "text plain");
    }

    @Test
    void readsExactlyAsMuchAsIsAllowed() {
        assertThat(says(compressed(utf8("x".repeat(MAX))).text("next")))
                .containsExactly("text " + "x".repeat(MAX), "text next");
        assertThat(says(compressed(utf8("x".repeat(MAX + 1))).text("next"))).containsExactly("too large", "text next");
    }

    @Test
    void everyMessageStandsAlone() {
        byte[] again = compress(utf8("again and again"));

        assertThat(says(new ClientFrames()
                        .frame(FIN | RSV1 | Opcode.TEXT, again)
                        .text("plain")
                        .frame(FIN | RSV1 | Opcode.TEXT, again)))
                .containsExactly("text again and again", "text plain", "text again and again");
    }

    @Test
    void onlyTheFirstFragmentCarriesTheBit() {
        byte[] payload = compress(utf8("in three parts"));
        ClientFrames parts = new ClientFrames()
                .frame(RSV1 | Opcode.TEXT, Arrays.copyOf(payload, 3))
                .frame(FIN | Opcode.PING, "")
                .frame(Opcode.CONTINUATION, Arrays.copyOfRange(payload, 3, 5))
                .frame(FIN | Opcode.CONTINUATION, Arrays.copyOfRange(payload, 5, payload.length))
                .text("plain");

        assertThat(says(parts)).containsExactly("ping ", "text in three parts", "text plain");
        assertThat(says(new ClientFrames().frame(Opcode.TEXT, "x").frame(FIN | RSV1 | Opcode.CONTINUATION, "y")))
                .singleElement()
                .asString()
                .startsWith("violation 1002: ");
        assertThat(says(new ClientFrames().frame(FIN | RSV1 | Opcode.PING, "x")))
                .singleElement()
                .asString()
                .startsWith("violation 1002: ");
    }

    @Test
    void readsStoredBlocksAndFinalBlocks() {
        byte[] text = utf8("not compressed at all");

        assertThat(says(new ClientFrames()
                        .frame(FIN | RSV1 | Opcode.TEXT, compress(text, Deflater.SYNC_FLUSH, 0, 4))
                        // section 7.2.3.4: a final block, then a byte that begins an empty one
                        .frame(
                                FIN | RSV1 | Opcode.TEXT,
                                withZero(compress(text, Deflater.NO_FLUSH, Deflater.DEFAULT_COMPRESSION, 0)))))
                .containsExactly("text not compressed at all", "text not compressed at all");
    }

    private static byte[] withZero(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    @Test
    void aBombIsGivenUpAtTheLimit() {
        byte[] bomb = compress(new byte[9_000_000]); // a thousandth on the wire

        assertThat(bomb.length).isLessThan(MAX);
        MessageInflater inflater = new MessageInflater();
        assertThat(Calls.whole(
                        new ClientFrames()
                                .frame(FIN | RSV1 | Opcode.TEXT, bomb)
                                .text("next")
                                .bytes(),
                        MAX,
                        inflater))
                .containsExactly("too large", "text next");
        assertThat(inflater.bytes().length).isLessThanOrEqualTo(MAX + 1);
    }

    @Test
    void compressedBytesCountAgainstTheLimitToo() {
        assertThat(says(new ClientFrames()
                        .frame(FIN | RSV1 | Opcode.TEXT, compress(new byte[MAX + 100], Deflater.SYNC_FLUSH, 0, 4))
                        .text("next")))
                .containsExactly("too large", "text next");
    }

    @Test
    void bytesThatAreNoDeflateStreamEndTheConnection() {
        assertThat(says(new ClientFrames()
                        .frame(FIN | RSV1 | Opcode.TEXT, new byte[] {(byte) 0xFF, (byte) 0xFF, 1, 2})
                        .text("next")))
                .singleElement()
                .asString()
                .startsWith("violation 1007: ");
    }

    @Test
    void textMustBeUtf8WhenDecompressed() {
        assertThat(says(compressed(new byte[] {'a', (byte) 0xC3}).text("next")))
                .singleElement()
                .asString()
                .startsWith("violation 1007: ");
    }

    @Test
    void compressedBinaryMessagesArePassedOver() {
        assertThat(says(new ClientFrames()
                        .frame(FIN | RSV1 | Opcode.BINARY, compress(new byte[100]))
                        .text("next")))
                .containsExactly("binary", "text next");
    }
}
