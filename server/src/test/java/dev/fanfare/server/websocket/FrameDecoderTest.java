package dev.fanfare.server.websocket;

import static dev.fanfare.server.websocket.ClientFrames.FIN;
import static dev.fanfare.server.websocket.ClientFrames.RSV1;
import static dev.fanfare.server.websocket.ClientFrames.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// RFC 6455, section 5: what is accepted, what ends a connection, and with which code.
class FrameDecoderTest {

    private static final int MAX = 70_000;

    private static List<String> says(ClientFrames frames) {
        return Calls.whole(frames.bytes(), MAX, null);
    }

    private static List<String> saysWithLimit(int messageMax, ClientFrames frames) {
        return Calls.whole(frames.bytes(), messageMax, null);
    }

    private static String letters(int count) {
        StringBuilder text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append((char) ('a' + i % 26));
        }
        return text.toString();
    }

    private static void assertBroken(ClientFrames frames, int closeCode) {
        // Nothing after the violation is looked at.
        List<String> said = says(frames.text("after"));
        assertThat(said.getLast()).startsWith("violation " + closeCode + ": ");
        assertThat(said).noneMatch(line -> line.equals("text after"));
        assertThat(said.stream().filter(line -> line.startsWith("violation"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 125, 126, 127, 128, 65_535, 65_536, MAX})
    void readsTextsOfEveryLengthForm(int length) {
        String text = letters(length);

        assertThat(says(new ClientFrames().text(text).text("next"))).containsExactly("text " + text, "text next");
    }

    @Test
    void readsTheSameHoweverTheBytesAreSplit() {
        byte[] bytes = everything().bytes();
        List<String> whole = Calls.whole(bytes, 300, null);

        assertThat(whole)
                .containsExactly(
                        "text plain",
                        "text " + letters(200),
                        "ping are you there",
                        "pong",
                        "text fragments",
                        "too large",
                        "binary",
                        "text ",
                        "text \u00e9\u20ac\uD83D\uDE00",
                        "close 1000");
        for (int first = 0; first <= bytes.length; first++) {
            assertThat(Calls.split(bytes, 300, null, first)).isEqualTo(whole);
        }
        int[] everywhere = IntStream.range(0, bytes.length).toArray();
        assertThat(Calls.split(bytes, 300, null, everywhere)).isEqualTo(whole);
    }

    private static ClientFrames everything() {
        return new ClientFrames()
                .text("plain")
                .text(letters(200))
                .frame(Opcode.TEXT, "frag")
                .frame(FIN | Opcode.PING, "are you there")
                .frame(Opcode.CONTINUATION, "men")
                .frame(FIN | Opcode.PONG, "")
                .frame(FIN | Opcode.CONTINUATION, "ts")
                .text(letters(301))
                .frame(FIN | Opcode.BINARY, new byte[] {1, 2, 3, 4, 5})
                .text("")
                .text("\u00e9\u20ac\uD83D\uDE00")
                .frame(FIN | Opcode.CLOSE, new byte[] {3, (byte) 0xE8, 'b', 'y', 'e'});
    }

    @Test
    void anEmptyLastFragmentEndsTheMessage() {
        assertThat(says(new ClientFrames()
                        .frame(Opcode.TEXT, "all of it")
                        .frame(FIN | Opcode.CONTINUATION, "")
                        .text("next")))
                .containsExactly("text all of it", "text next");
    }

    @Test
    void aMessageHasSoManyFragmentsEmptyOnesIncluded() {
        assertThat(says(inFragments(4_096).text("after"))).containsExactly("text x", "text after");
        assertBroken(inFragments(4_097), 1009);
    }

    private static ClientFrames inFragments(int count) {
        ClientFrames frames = new ClientFrames().frame(Opcode.TEXT, utf8("x"));
        for (int i = 2; i < count; i++) {
            frames.frame(Opcode.CONTINUATION, utf8(""));
        }
        return frames.frame(FIN | Opcode.CONTINUATION, utf8(""));
    }

    @Test
    void emptyFragmentsAreFragments() {
        assertThat(says(new ClientFrames()
                        .frame(Opcode.TEXT, "")
                        .frame(Opcode.CONTINUATION, "")
                        .frame(Opcode.CONTINUATION, "a")
                        .frame(Opcode.CONTINUATION, "")
                        .frame(FIN | Opcode.CONTINUATION, "b")))
                .containsExactly("text ab");
    }

    @Test
    void controlFramesMayComeBetweenFragments() {
        assertThat(says(new ClientFrames()
                        .frame(Opcode.TEXT, "a")
                        .frame(FIN | Opcode.PING, "1")
                        .frame(FIN | Opcode.PING, "")
                        .frame(Opcode.CONTINUATION, "b")
                        .frame(FIN | Opcode.PONG, "2")
                        .frame(FIN | Opcode.CONTINUATION, "c")))
                .containsExactly("ping 1", "ping ", "pong", "text abc");
    }

    @Test
    void aPingMayHave125Bytes() {
        assertThat(says(new ClientFrames().frame(FIN | Opcode.PING, letters(125))))
                .containsExactly("ping " + letters(125));
    }

    @Test
    void framesWithoutMaskAreRefused() {
        assertBroken(new ClientFrames().raw(FIN | Opcode.TEXT, 2, 'h', 'i'), 1002);
        assertBroken(new ClientFrames().raw(FIN | Opcode.PING, 0), 1002);
        assertBroken(new ClientFrames().raw(FIN | Opcode.TEXT, 127, 0, 0, 0, 0, 0, 1, 0, 0), 1002);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x40, 0x20, 0x10, 0x70})
    void reservedBitsAreRefused(int bits) {
        assertBroken(new ClientFrames().frame(FIN | bits | Opcode.TEXT, "x"), 1002);
        assertBroken(new ClientFrames().frame(FIN | bits | Opcode.PING, "x"), 1002);
        assertBroken(new ClientFrames().frame(Opcode.TEXT, "x").frame(FIN | bits | Opcode.CONTINUATION, "y"), 1002);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void unknownOpcodesAreRefused(int opcode) {
        assertBroken(new ClientFrames().frame(FIN | opcode, "x"), 1002);
    }

    @Test
    void lengthsMustBeInTheirShortestForm() {
        assertBroken(new ClientFrames().header(FIN | Opcode.TEXT, 126, 125).payload(new byte[125]), 1002);
        assertBroken(new ClientFrames().header(FIN | Opcode.TEXT, 127, 65_535).payload(new byte[65_535]), 1002);
        assertBroken(new ClientFrames().header(FIN | Opcode.TEXT, 127, 0), 1002);
        assertBroken(new ClientFrames().header(FIN | Opcode.PING, 126, 5).payload(new byte[5]), 1002);
    }

    @Test
    void theHighestBitOfALengthMustNotBeSet() {
        assertBroken(new ClientFrames().header(FIN | Opcode.TEXT, 127, Long.MIN_VALUE), 1002);
        assertBroken(new ClientFrames().header(FIN | Opcode.TEXT, 127, -1), 1002);
    }

    @Test
    void controlFramesMustBeShortAndWhole() {
        assertBroken(new ClientFrames().frame(FIN | Opcode.PING, letters(126)), 1002);
        assertBroken(new ClientFrames().frame(FIN | Opcode.CLOSE, new byte[126]), 1002);
        assertBroken(new ClientFrames().frame(Opcode.PING, "x"), 1002);
        assertBroken(new ClientFrames().frame(Opcode.CLOSE, ""), 1002);
    }

    @Test
    void fragmentsMustBelongToAMessage() {
        assertBroken(new ClientFrames().frame(FIN | Opcode.CONTINUATION, "x"), 1002);
        assertBroken(new ClientFrames().frame(Opcode.CONTINUATION, "x"), 1002);
        assertBroken(new ClientFrames().text("whole").frame(FIN | Opcode.CONTINUATION, "x"), 1002);
        assertBroken(new ClientFrames().frame(Opcode.TEXT, "x").frame(FIN | Opcode.TEXT, "y"), 1002);
        assertBroken(new ClientFrames().frame(Opcode.BINARY, "x").frame(Opcode.TEXT, "y"), 1002);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999})
    void closeCodesOfTheRegistryAreTold(int code) {
        assertThat(says(new ClientFrames()
                        .frame(FIN | Opcode.CLOSE, new byte[] {(byte) (code >>> 8), (byte) code, 'o', 'k'})))
                .containsExactly("close " + code);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535})
    void closeCodesThatMustNotBeSentAreRefused(int code) {
        assertBroken(new ClientFrames().frame(FIN | Opcode.CLOSE, new byte[] {(byte) (code >>> 8), (byte) code}), 1002);
    }

    @Test
    void aCloseFrameMayBeEmptyButNotOneByteLong() {
        assertThat(says(new ClientFrames().frame(FIN | Opcode.CLOSE, ""))).containsExactly("close 1005");
        assertBroken(new ClientFrames().frame(FIN | Opcode.CLOSE, new byte[] {3}), 1002);
    }

    @Test
    void aCloseReasonMustBeUtf8() {
        assertBroken(new ClientFrames().frame(FIN | Opcode.CLOSE, new byte[] {3, (byte) 0xE8, (byte) 0xC3}), 1007);
    }

    @Test
    void aCharacterMayBeSplitOverFragments() {
        byte[] text = utf8("\u00e9\u20ac\uD83D\uDE00");
        for (int at = 0; at <= text.length; at++) {
            assertThat(says(new ClientFrames()
                            .frame(Opcode.TEXT, Arrays.copyOf(text, at))
                            .frame(FIN | Opcode.CONTINUATION, Arrays.copyOfRange(text, at, text.length))))
                    .containsExactly("text \u00e9\u20ac\uD83D\uDE00");
        }
    }

    @Test
    void textThatIsNotUtf8EndsTheConnection() {
        assertBroken(new ClientFrames().frame(FIN | Opcode.TEXT, new byte[] {'a', (byte) 0xFF}), 1007);
        // an overlong form, a surrogate, a point above the last one
        assertBroken(new ClientFrames().frame(FIN | Opcode.TEXT, new byte[] {(byte) 0xC0, (byte) 0xAF}), 1007);
        assertBroken(
                new ClientFrames().frame(FIN | Opcode.TEXT, new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80}), 1007);
        assertBroken(
                new ClientFrames()
                        .frame(FIN | Opcode.TEXT, new byte[] {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80}),
                1007);
        // a sequence that the second fragment does not finish
        assertBroken(
                new ClientFrames()
                        .frame(Opcode.TEXT, new byte[] {(byte) 0xE2, (byte) 0x82})
                        .frame(FIN | Opcode.CONTINUATION, "x"),
                1007);
    }

    @Test
    void aMessageAboveTheLimitIsPassedOverAndToldOnce() {
        assertThat(saysWithLimit(
                        100,
                        new ClientFrames()
                                .text(letters(101))
                                .text(letters(100))
                                .frame(Opcode.TEXT, letters(60))
                                .frame(FIN | Opcode.PING, "still here")
                                .frame(Opcode.CONTINUATION, letters(60))
                                .frame(Opcode.CONTINUATION, letters(60))
                                .frame(FIN | Opcode.CONTINUATION, "")
                                .frame(FIN | Opcode.BINARY, new byte[101])
                                .text("next")))
                .containsExactly(
                        "too large", "text " + letters(100), "ping still here", "too large", "too large", "text next");
    }

    @Test
    void sixteenTimesTheLimitEndsTheConnection() {
        assertThat(saysWithLimit(100, new ClientFrames().text(letters(1600)).text("next")))
                .containsExactly("too large", "text next");
        // The header is enough: nobody waits for the rest.
        assertThat(saysWithLimit(100, new ClientFrames().header(FIN | Opcode.TEXT, 126, 1601)))
                .singleElement()
                .asString()
                .startsWith("violation 1009: ");
        assertThat(saysWithLimit(
                        100,
                        new ClientFrames().frame(Opcode.TEXT, letters(1000)).header(Opcode.CONTINUATION, 126, 601)))
                .singleElement()
                .asString()
                .startsWith("violation 1009: ");
        assertThat(saysWithLimit(100, new ClientFrames().header(FIN | Opcode.BINARY, 127, Long.MAX_VALUE)))
                .singleElement()
                .asString()
                .startsWith("violation 1009: ");
    }

    @Test
    void theSumOfTheFragmentsDoesNotWrapAround() {
        assertThat(says(new ClientFrames()
                        .frame(Opcode.TEXT, "x")
                        .header(Opcode.CONTINUATION, 127, Long.MAX_VALUE)
                        .payload(new byte[100_000])))
                .singleElement()
                .asString()
                .startsWith("violation 1009: ");
    }

    @Test
    void stopsBetweenMessagesWhileTheListenerPauses() {
        Calls calls = new Calls();
        calls.pauseEvery = 1;
        FrameDecoder decoder = calls.decoder(MAX, null);
        ByteBuf in = Unpooled.wrappedBuffer(
                new ClientFrames().text("one").text("two").bytes());

        decoder.decode(in);
        decoder.decode(in);

        assertThat(calls.lines).containsExactly("text one");
        assertThat(in.readableBytes()).isEqualTo(2 + 4 + 3);
    }

    @Test
    void compressedMessagesNeedTheExtension() {
        assertBroken(new ClientFrames().frame(FIN | RSV1 | Opcode.TEXT, "x"), 1002);
    }
}
