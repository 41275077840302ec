package dev.fanfare.server.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Writes down what a [FrameDecoder] says, one line per call.
final class Calls implements FrameDecoder.Listener {

    final List<String> lines = new ArrayList<>();

    /// Pauses after each text whose number this divides; 0: never.
    int pauseEvery;

    private int texts;
    private boolean paused;

    /// What is said when all bytes come at once.
    static List<String> whole(byte[] bytes, int messageMax, @Nullable MessageInflater inflater) {
        Calls calls = new Calls();
        calls.decoder(messageMax, inflater).decode(Unpooled.wrappedBuffer(bytes));
        return calls.lines;
    }

    /// What is said when the bytes come in parts that end here.
    static List<String> split(byte[] bytes, int messageMax, @Nullable MessageInflater inflater, int... ends) {
        Calls calls = new Calls();
        FrameDecoder decoder = calls.decoder(messageMax, inflater);
        int from = 0;
        for (int end : ends) {
            calls.feed(decoder, Arrays.copyOfRange(bytes, from, end));
            from = end;
        }
        calls.feed(decoder, Arrays.copyOfRange(bytes, from, bytes.length));
        return calls.lines;
    }

    /// What is said when the bytes come in parts of random size, and the listener pauses now and then.
    static List<String> scattered(byte[] bytes, int messageMax, @Nullable MessageInflater inflater, Random random) {
        Calls calls = new Calls();
        calls.pauseEvery = random.nextInt(4);
        FrameDecoder decoder = calls.decoder(messageMax, inflater);
        int largest = 1 + random.nextInt(random.nextBoolean() ? 8 : 4000);
        for (int from = 0; from < bytes.length; ) {
            int end = Math.min(bytes.length, from + 1 + random.nextInt(largest));
            calls.feed(decoder, Arrays.copyOfRange(bytes, from, end));
            from = end;
        }
        return calls.lines;
    }

    FrameDecoder decoder(int messageMax, @Nullable MessageInflater inflater) {
        return new FrameDecoder(this, new FrameDecoder.Scratch(), () -> messageMax, inflater);
    }

    private void feed(FrameDecoder decoder, byte[] bytes) {
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        decoder.decode(in);
        while (paused && !decoder.failed()) {
            paused = false;
            decoder.decode(in);
        }
    }

    @Override
    public void text(byte[] bytes, int from, int to) {
        lines.add("text " + new String(bytes, from, to - from, StandardCharsets.UTF_8));
        texts++;
        paused = pauseEvery != 0 && texts % pauseEvery == 0;
    }

    @Override
    public void binary() {
        lines.add("binary");
    }

    @Override
    public void tooLarge() {
        lines.add("too large");
    }

    @Override
    public void ping(byte[] bytes, int from, int to) {
        lines.add("ping " + new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void pong() {
        lines.add("pong");
    }

    @Override
    public void close(int code) {
        lines.add("close " + code);
    }

    @Override
    public void violation(int closeCode, String reason, @Nullable String limit) {
        lines.add("violation " + closeCode + ": " + reason);
    }

    @Override
    public boolean paused() {
        return paused;
    }
}
