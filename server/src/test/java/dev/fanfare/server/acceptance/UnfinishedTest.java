package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.time.VirtualTimers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What clients begin to say and do not end takes memory that has a bound; beyond it the server sheds load, and takes
/// it
/// again.
class UnfinishedTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final RunningServer server = RunningServer.with(
            broker,
            "heartbeat=1h",
            "buffer-memory=1MiB",
            "max-message-size=64KiB",
            "event-loops=1",
            "handshake-timeout=100ms");
    private final List<WireClient> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(WireClient::close);
        server.close();
        broker.close();
    }

    private WireClient add(WireClient client) {
        open.add(client);
        return client;
    }

    private double figure(String name) {
        return server.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    private static byte[] half(int announced, int sent) {
        return ("POST /topics/t/messages HTTP/1.1\r\nHost: x\r\nContent-Length: " + announced + "\r\n\r\n"
                        + "x".repeat(sent))
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void bodies() {
        broker.createTopic("t");
        String unfinished = "fanfare_unfinished_body_bytes";
        WireClient large = add(WireClient.tcp(server.port()));
        large.bytes(half(800_000, 700_000)); // one may be as large as it likes
        await(() -> figure(unfinished) == 700_000, "it to be there");
        WireClient late = add(WireClient.tcp(server.port()));
        late.bytesOrHungUp(half(40_000, 20_000));
        assertThat(late.readHead()).startsWith("HTTP/1.1 503 ");
        assertThat(late.header("Retry-After")).isEqualTo("1");
        assertThat(figure("fanfare_refused_total{limit=\"buffer_memory\"}")).isOne();
        assertThat(server.rest("POST", "/topics/t/messages", "{\"payload\":1}").status())
                .as("what comes whole is taken")
                .isEqualTo(200);
        large.bytes("x".repeat(100_000).getBytes(StandardCharsets.US_ASCII));
        assertThat(large.readHead()).startsWith("HTTP/1.1 4");
        assertThat(figure(unfinished)).isZero();
        for (int i = 0; i < 8; i++) {
            add(WireClient.tcp(server.port())).bytesOrHungUp(half(900_000, 100_000));
        }
        await(() -> figure("fanfare_refused_total{limit=\"buffer_memory\"}") >= 3, "some to be refused");
        assertThat(figure(unfinished)).isLessThan(450_000);
        open.forEach(WireClient::reset);
        await(() -> figure(unfinished) == 0, "it to be free again");
    }

    @Test
    void smallPartsCountForWhatTheyTake() {
        broker.createTopic("t");
        String part = "1\r\nx\r\n";
        WireClient crumbs = add(WireClient.tcp(server.port()));
        crumbs.bytes(("POST /topics/t/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + part.repeat(1_000))
                .getBytes(StandardCharsets.US_ASCII));
        await(() -> figure("fanfare_unfinished_body_bytes") == 256_000, "a thousand parts to count");
    }

    @Test
    void bodiesBehindAStream() {
        WireClient stream = add(WireClient.tcp(server.port()));
        stream.bytes("GET /events HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(stream.readHead()).startsWith("HTTP/1.1 200 ");
        stream.bytes(half(900_000, 100_000));
        // One event loop: what is answered here comes after that.
        assertThat(figure("fanfare_unfinished_body_bytes")).isZero();
        assertThat(figure("fanfare_unfinished_body_bytes")).isZero();
    }

    @Test
    void aMessageThatIsBegunHasATimeToEnd() {
        byte[] fragment = Frames.unfinished(Frame.TEXT, new byte[60_000]);
        WireClient slow = add(server.connect());
        WireClient other = add(server.connect());
        slow.bytes(fragment);
        other.send("{\"type\":\"ping\",\"request_id\":\"seen\"}").until("pong");
        Duration step = Duration.ofMinutes(10);
        AtomicInteger steps = new AtomicInteger();
        await(
                () -> {
                    timers.advance(step);
                    steps.incrementAndGet();
                    // Signs of life, by either.
                    slow.bytesOrHungUp(Frames.whole(Frame.PONG, new byte[0]));
                    other.send("{\"type\":\"ping\",\"request_id\":\"seen\"}").until("pong");
                    return figure("fanfare_refused_total{limit=\"heartbeat\"}") == 1;
                },
                "the slow one to be cut");
        assertThat(step.multipliedBy(steps.get())).isGreaterThanOrEqualTo(Duration.ofHours(2));
        assertThat(slow.ended()).isTrue();
    }

    @Test
    void messages() {
        broker.createTopic("t");
        WireClient publisher = add(server.connect());
        byte[] frame = Frames.text("\"" + "x".repeat(60_000) + "\"");
        List<WireClient> slow = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            WireClient one = add(server.connect());
            one.bytes(Arrays.copyOf(frame, frame.length - 1));
            slow.add(one);
        }
        await(
                () -> {
                    timers.advance(Duration.ofMillis(250));
                    return publisher.send(publish("t", "1")).json().toString().contains("buffer-memory");
                },
                "something to be refused");
        slow.forEach(WireClient::reset);
        await(
                () -> {
                    timers.advance(Duration.ofMillis(250));
                    return publisher.send(publish("t", "1")).json().toString().contains("\"ack\"");
                },
                "everything to be taken again");
    }
}
