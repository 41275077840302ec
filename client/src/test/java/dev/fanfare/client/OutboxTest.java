package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// What leaves together, on a socket that takes a frame when the test says so.
class OutboxTest {

    private final Socket socket = new Socket();
    private final Deque<Runnable> threads = new ArrayDeque<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final Outbox outbox = new Outbox(() -> socket, threads::add, failures::add);

    private void done(String topic, long offset) {
        outbox.settle("c", event(topic, offset), new Delivery.Outcome.Done(List.of()));
    }

    private static Event event(String topic, long offset) {
        return new Event(
                topic,
                "i",
                "1",
                null,
                null,
                Map.of(),
                null,
                null,
                null,
                Instant.EPOCH,
                new Position("e", offset),
                "{}");
    }

    private static String ack(String topic, String offsets) {
        return "{\"type\":\"ack\",\"topic\":\"" + topic + "\",\"client_id\":\"c\",\"epoch\":\"e\"," + offsets + "}";
    }

    private static String nack(String topic, long offset, String more) {
        return ack(topic, "\"offset\":" + offset + more).replace("\"ack\"", "\"nack\"");
    }

    @Test
    void aLoneAcknowledgementNeedsNothingToLeave() {
        done("a", 7);
        threads.remove().run();
        assertThat(socket.sent).containsExactly(ack("a", "\"offset\":7"));
        assertThat(threads).isEmpty();
    }

    @Test
    void whatWaitsForTheFrameBeforeItLeavesInOneForEachTopic() {
        outbox.add("subscribe");
        assertThat(socket.sent).containsExactly("subscribe");
        done("a", 1);
        done("b", 1);
        outbox.settle("c", event("a", 2), new Delivery.Outcome.Rejected("why"));
        done("a", 3);
        assertThat(threads).as("the frame that is leaving has a thread").isEmpty();
        socket.taken();
        socket.taken();
        socket.taken();
        assertThat(socket.sent)
                .containsExactly(
                        "subscribe",
                        ack("a", "\"offsets\":[1,3]"),
                        ack("b", "\"offset\":1"),
                        nack("a", 2, ",\"dead\":true,\"reason\":\"why\""));
        socket.taken();
        done("a", 4);
        threads.remove().run();
        assertThat(socket.sent).last().isEqualTo(ack("a", "\"offset\":4"));
    }

    @Test
    void textsKeepTheirPlaceAndNothingFollowsTheClose() {
        done("a", 1);
        outbox.add("ping");
        done("a", 2);
        outbox.leave();
        done("a", 3);
        threads.remove().run();
        for (int i = 0; i < 3; i++) {
            socket.taken();
        }
        assertThat(socket.sent).containsExactly(ack("a", "\"offset\":1"), "ping", ack("a", "\"offset\":2"), "CLOSE");
    }

    @Test
    void manyLeaveWithTheThreadThatBringsThem() {
        for (int i = 0; i < 32; i++) {
            done("a", i);
        }
        assertThat(socket.sent).singleElement().asString().contains("[0,1,").endsWith(",31]}");
        threads.remove().run();
        assertThat(socket.sent).hasSize(1);
    }

    @Test
    void aSocketThatTakesNothingHasSoMuchWaitAndNotMore() {
        outbox.add("x");
        for (int i = 0; i < 20_000; i++) {
            done("a", i);
        }
        for (int i = 0; i < 41; i++) {
            socket.taken();
        }
        assertThat(socket.sent).hasSize(41).last().asString().endsWith(",10239]}");
        assertThat(socket.sent).allSatisfy(frame -> assertThat(frame.length()).isLessThan(2_000));
        done("a", 20_000);
        threads.remove().run();
        assertThat(socket.sent).last().isEqualTo(ack("a", "\"offset\":20000"));
    }

    @Test
    void whatIsSaidBetweenTextsIsNoMoreThanWhatIsSaidTogether() {
        outbox.add("x");
        for (int i = 0; i < 100; i++) {
            done("a", i);
            outbox.add("t" + i);
        }
        for (int i = 0; i < 201; i++) {
            socket.taken();
        }
        assertThat(socket.sent).hasSize(201).last().isEqualTo("t99");
        assertThat(socket.sent).contains(ack("a", "\"offset\":40"), ack("a", "\"offset\":99"));
    }

    @Test
    void nothingMoreLeavesWhenAFrameCannot() {
        outbox.add("x");
        done("a", 1);
        socket.leaving.remove().completeExceptionally(new IOException("reset"));
        assertThat(failures).singleElement().asString().contains("reset");
        assertThat(socket.sent).containsExactly("x");
    }

    /// Sends a frame and says that it has gone when it is told to.
    private static final class Socket implements WebSocket {

        private final List<String> sent = new ArrayList<>();
        private final Deque<CompletableFuture<WebSocket>> leaving = new ArrayDeque<>();

        void taken() {
            leaving.remove().complete(this);
        }

        @Override
        public CompletableFuture<WebSocket> sendText(CharSequence data, boolean last) {
            assertThat(leaving).as("one frame at a time").isEmpty();
            sent.add(data.toString());
            CompletableFuture<WebSocket> gone = new CompletableFuture<>();
            leaving.add(gone);
            return gone;
        }

        @Override
        public CompletableFuture<WebSocket> sendClose(int code, String reason) {
            sent.add("CLOSE");
            return new CompletableFuture<>();
        }

        @Override
        public CompletableFuture<WebSocket> sendBinary(ByteBuffer data, boolean last) {
            throw new AssertionError("no client of ours does");
        }

        @Override
        public CompletableFuture<WebSocket> sendPing(ByteBuffer message) {
            throw new AssertionError("that is the connection's business");
        }

        @Override
        public CompletableFuture<WebSocket> sendPong(ByteBuffer message) {
            throw new AssertionError("the JDK does by itself");
        }

        @Override
        public void request(long n) {}

        @Override
        public String getSubprotocol() {
            return "";
        }

        @Override
        public boolean isOutputClosed() {
            return false;
        }

        @Override
        public boolean isInputClosed() {
            return false;
        }

        @Override
        public void abort() {}
    }
}
