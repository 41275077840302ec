package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Readers that stop reading: each is handled by its policy and told, and nobody else waits for them.
@ExtendWith(NoLeaks.class)
class SlowConsumerTest {

    private static final int RECEIVE_BUFFER = 8 * 1024;
    private static final String BIG = "\"" + "x".repeat(32 * 1024) + "\"";
    private static final int MESSAGES = 600;

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static WireClient slowReader() {
        return WireClient.tcp(server.port(), RECEIVE_BUFFER).upgrade("/ws");
    }

    @Test
    void dropOldestTellsExactlyWhatWasLostBeforeTheEventAfterTheGap() {
        server.topic("dropping");
        try (WireClient publisher = server.connect();
                WireClient healthy = server.connect();
                WireClient slow = slowReader()) {
            subscribe(slow, "dropping", "slow", ",\"queue\":7");
            subscribe(healthy, "dropping", "healthy");
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "dropping", BIG);
                assertThat(healthy.json().path("offset").intValue()).isEqualTo(i);
            }
            int received = 0;
            long dropped = 0;
            long untold = 0;
            long next = 0;
            while (next < MESSAGES) {
                JsonNode message = slow.json();
                if (message.path("type").stringValue().equals("event")) {
                    long offset = message.path("offset").longValue();
                    assertThat(offset - next)
                            .as("the gap before offset %s", offset)
                            .isEqualTo(untold);
                    next = offset + 1;
                    untold = 0;
                    received++;
                } else {
                    assertThat(message.path("msg").stringValue()).isEqualTo("messages_dropped");
                    assertThat(message.path("topic").stringValue()).isEqualTo("dropping");
                    assertThat(message.path("client_id").stringValue()).isEqualTo("slow");
                    untold += message.path("dropped").longValue();
                    dropped += message.path("dropped").longValue();
                }
            }
            assertThat(dropped).isPositive();
            assertThat(received + dropped).isEqualTo(MESSAGES);
            // It goes on as if nothing had happened.
            publishAcked(publisher, "dropping", "1");
            assertThat(slow.json().path("offset").intValue()).isEqualTo(MESSAGES);
        }
    }

    @Test
    void dropNewestKeepsWhatWaitsAndTellsWhatWasLost() {
        server.topic("newest");
        try (WireClient publisher = server.connect();
                WireClient slow = slowReader()) {
            subscribe(slow, "newest", "slow", ",\"queue\":7,\"overflow\":\"drop_newest\"");
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "newest", BIG);
            }
            // Everything up to the first loss comes without a gap, and what was lost is told exactly.
            long next = 0;
            long received = 0;
            long untold = 0;
            long dropped = 0;
            while (received + dropped < MESSAGES) {
                JsonNode message = slow.json();
                if (message.path("type").stringValue().equals("event")) {
                    long offset = message.path("offset").longValue();
                    assertThat(offset - next).isEqualTo(untold);
                    next = offset + 1;
                    untold = 0;
                    received++;
                } else {
                    assertThat(message.path("msg").stringValue()).isEqualTo("messages_dropped");
                    untold += message.path("dropped").longValue();
                    dropped += message.path("dropped").longValue();
                }
            }
            assertThat(dropped).isPositive();
            assertThat(received + dropped).isEqualTo(MESSAGES);
            publishAcked(publisher, "newest", "1");
            assertThat(slow.json().path("offset").intValue()).isEqualTo(MESSAGES);
        }
    }

    @Test
    void disconnectTellsWhyAndClosesWith1008() {
        server.topic("disconnecting");
        try (WireClient publisher = server.connect();
                WireClient healthy = server.connect();
                WireClient slow = slowReader()) {
            subscribe(slow, "disconnecting", "slow", ",\"queue\":7,\"overflow\":\"disconnect\"");
            subscribe(healthy, "disconnecting", "healthy");
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "disconnecting", BIG);
                healthy.json();
            }
            // It counts as no subscriber although it has read nothing of its end yet.
            RunningServer.await(
                    () -> server.get("/stats")
                                    .json()
                                    .path("topics")
                                    .path("disconnecting")
                                    .path("subscribers")
                                    .intValue()
                            == 1,
                    "the slow subscriber to be taken off");
            long next = 0;
            JsonNode message = slow.json();
            while (message.path("type").stringValue().equals("event")) {
                assertThat(message.path("offset").longValue()).isEqualTo(next++);
                message = slow.json();
            }
            assertThat(message.path("type").stringValue()).isEqualTo("error");
            assertThat(message.path("error").path("code").stringValue()).isEqualTo("SLOW_CONSUMER");
            assertThat(slow.next()).hasToString("close 1008");
            slow.bytesOrHungUp(Frames.close(1008));
            assertThat(slow.ended()).isTrue();
        }
    }

    /// How the kernel cuts a slice is chance: of several readers, not all can have had theirs cut at its end.
    @Test
    void anAnswerGoesBehindTheFrameThatHasBegunToLeaveAndNotBehindAllThatWaits() {
        server.topic("answering");
        List<WireClient> slow =
                Stream.generate(SlowConsumerTest::slowReader).limit(8).toList();
        try (WireClient publisher = server.connect()) {
            slow.forEach(reader -> subscribe(reader, "answering", "slow", ",\"queue\":7"));
            String message = RunningServer.publish("answering", "\"" + "z".repeat(500) + "\"");
            publishAnswered(publisher, message, 10_000);
            server.topic("marks");
            subscribe(publisher, "marks", "marks");
            slow.forEach(reader -> reader.send(RunningServer.publish("marks", "1")));
            publisher.events(slow.size()); // so the acks wait for their readers, which have taken nothing yet
            // Should the kernel find room only now, what waits behind the acks is lost once more.
            publishAnswered(publisher, message, 10_000);

            long between = slow.stream()
                    .filter(reader -> hearsAnEventBetweenAckAndGap(reader, 20_000))
                    .count();
            if (server.server().transport().equals("nio")) {
                assertThat(between).isZero(); // what the JDK's sockets were given can't be taken back
            } else {
                assertThat(between).isGreaterThan(slow.size() / 2);
            }
        } finally {
            slow.forEach(WireClient::close);
        }
    }

    private static void publishAnswered(WireClient publisher, String message, int count) {
        for (int i = 0; i < count; i++) {
            publisher.send(message);
            if (i % 100 == 99) {
                IntStream.range(0, 100).forEach(_ -> publisher.json());
            }
        }
    }

    /// Reads all that was published; whether an event came behind the ack and before the next gap.
    private static boolean hearsAnEventBetweenAckAndGap(WireClient reader, int published) {
        List<String> sinceAck = new ArrayList<>();
        int told = 0;
        while (told < published || sinceAck.isEmpty()) {
            JsonNode message = reader.json();
            String type = message.path("type").stringValue();
            told += type.equals("event") ? 1 : message.path("dropped").intValue(0);
            if (type.equals("ack") || !sinceAck.isEmpty()) {
                sinceAck.add(type);
            }
        }
        assertThat(told).isEqualTo(published);
        return sinceAck.indexOf("info") > 1;
    }

    @Test
    void replayIsNotLimitedByTheQueue() {
        RestAnswer made =
                server.rest("POST", "/topics", "{\"name\":\"replayed\",\"history\":5000,\"history_bytes\":16777216}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        try (WireClient publisher = server.connect();
                WireClient slow = slowReader()) {
            for (int i = 0; i < 3000; i++) {
                publisher.send(RunningServer.publish("replayed", "\"" + "y".repeat(200) + "\""));
                if (i % 100 == 99) {
                    for (int j = 0; j < 100; j++) {
                        publisher.json();
                    }
                }
            }
            subscribe(slow, "replayed", "slow", ",\"from\":\"earliest\",\"queue\":1");
            publishAcked(publisher, "replayed", "1");
            int offset = 0;
            for (JsonNode event : slow.events(3001)) {
                assertThat(event.path("offset").intValue()).isEqualTo(offset++);
            }
        }
    }

    @Test
    void aFlatSubscriberThatTakesNoByteIsDisconnected() {
        RestAnswer.of(server.flatPort(), "POST", "/topics", "{\"name\":\"flat-slow\"}");
        try (WireClient publisher = server.connect();
                WireClient slow =
                        WireClient.tcp(server.flatPort(), RECEIVE_BUFFER).upgrade("/ws")) {
            slow.json();
            slow.send("{\"type\":\"subscribe\",\"topic\":\"flat-slow\"}");
            slow.json();
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "flat-slow", BIG);
            }
            RunningServer.await(
                    () -> server.get("/stats")
                                    .json()
                                    .path("topics")
                                    .path("flat-slow")
                                    .path("subscribers")
                                    .intValue()
                            == 0,
                    "the slow subscriber to be taken off");
            JsonNode message = slow.json();
            int events = 0;
            while (message.path("type").stringValue().equals("event")) {
                events++;
                message = slow.json();
            }
            assertThat(message.path("code").stringValue()).isEqualTo("SLOW_CONSUMER");
            assertThat(slow.next()).hasToString("close 1008");
            assertThat(events).isLessThan(MESSAGES);
        }
    }

    @Test
    void aClientThatReadsNoAnswersIsNotReadFurtherAndHarmsNobody() {
        try (WireClient rude = slowReader()) {
            byte[] pings =
                    ("{\"type\":\"ping\",\"request_id\":\"" + "r".repeat(200) + "\"}").getBytes(StandardCharsets.UTF_8);
            byte[] frame = Frames.whole(Frame.TEXT, pings);
            AtomicLong sent = new AtomicLong();
            Thread sending = Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        rude.bytes(frame);
                        sent.incrementAndGet();
                    }
                } catch (RuntimeException closed) {
                    assertThat(closed).hasCauseInstanceOf(IOException.class);
                }
            });
            // The server stops reading: the sender comes to a halt with far less than 64 MiB in all buffers.
            long[] seen = {-1};
            RunningServer.await(
                    () -> {
                        LockSupport.parkNanos(100_000_000);
                        long now = sent.get();
                        boolean halted = now == seen[0];
                        seen[0] = now;
                        return halted;
                    },
                    "the sender to be held back");
            assertThat(sent.get() * frame.length).isLessThan(64 << 20);
            server.checkServes();
            rude.reset();
            RunningServer.await(() -> !sending.isAlive(), "the sender to end");
        }
    }
}
