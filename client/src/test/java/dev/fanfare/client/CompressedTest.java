package dev.fanfare.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fanfare.client.ScriptedServer.Peer;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Payloads in gzip: sent so above a size, and shown plain.
class CompressedTest {

    private final ScriptedServer server = new ScriptedServer();
    private final FanfareClient client =
            FanfareClient.open(server.url(), ClientOptions.defaults().withCompression(100));

    @AfterEach
    void close() throws Exception {
        server.close();
        client.close();
    }

    private static String gzip(byte[] plain) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    private static String event(int offset, String payload, String more) {
        return "{\"type\":\"event\",\"topic\":\"a\",\"message\":{\"id\":\"i\",\"payload\":\"" + payload
                + "\",\"encoding\":\"gzip\"" + more
                + "},\"ts\":\"2026-01-31T12:00:00.000Z\",\"epoch\":\"e\",\"offset\":" + offset + "}";
    }

    @Test
    void onlyWhatIsLargeEnoughAndBecomesSmallerIsSentInGzip() throws Exception {
        var _ = client.publish("a", "x".repeat(98));
        var _ = client.publish("a", "x".repeat(99));
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"payload\":\"xxx").doesNotContain("encoding");
        String packed = peer.take();
        assertThat(packed).contains("\"encoding\":\"gzip\"").hasSizeLessThan(190);
        String payload = packed.replaceAll(".*\"payload\":\"([^\"]*)\".*", "$1");
        assertThat(new String(Gzip.plain(payload), UTF_8)).isEqualTo("\"" + "x".repeat(99) + "\"");
    }

    @Test
    void eventsShowWhatWasMeant() throws Exception {
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        CompletableFuture<Subscription> subscribed =
                CompletableFuture.supplyAsync(() -> client.subscribe("a", events::add));
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"accept_encoding\":[\"gzip\"]");
        peer.send("{\"type\":\"ack\",\"request_id\":\"1\",\"topic\":\"a\",\"status\":\"ok\","
                + "\"ts\":\"2026-01-31T12:00:00.000Z\",\"epoch\":\"e\",\"offset\":0}");
        subscribed.get(10, TimeUnit.SECONDS);
        peer.send(event(0, gzip("{\"n\":1.0e400}".getBytes(UTF_8)), ""));
        peer.send(event(1, gzip("te\"xt".getBytes(UTF_8)), ",\"content_type\":\"text/plain\""));
        peer.send(event(2, gzip(new byte[] {0, -1}), ",\"content_type\":\"image/png\""));
        assertThat(take(events).payload()).isEqualTo("{\"n\":1.0e400}");
        assertThat(take(events).text()).isEqualTo("te\"xt");
        Event bytes = take(events);
        assertThat(bytes.encoding()).isEqualTo("base64");
        assertThat(bytes.bytes()).isEqualTo(new byte[] {0, -1});
    }

    private static Event take(BlockingQueue<Event> events) throws InterruptedException {
        Event event = events.poll(10, TimeUnit.SECONDS);
        assertThat(event).isNotNull();
        assertThat(event.topic()).isEqualTo("a");
        return event;
    }

    @Test
    void aBombAndWhatIsNoGzipAreNotWhatAServerSays() throws Exception {
        byte[] plain = new byte[Gzip.PLAIN_MAX + 1];
        Arrays.fill(plain, (byte) '1');
        for (String payload : new String[] {gzip(plain), "AAAA", "?", ""}) {
            assertThat(catchThrowableOfType(ClientException.class, () -> Frames.read(event(0, payload, "")))
                            .code())
                    .isEqualTo(ClientException.CONNECTION);
        }
    }
}
