package dev.fanfare.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fanfare.client.ScriptedServer.Peer;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Payloads in gzip or zstd: sent so above a size, and shown plain.
class CompressedTest {

    private final ScriptedServer server = new ScriptedServer();
    private final FanfareClient client =
            FanfareClient.open(server.url(), ClientOptions.defaults().withCompression(Compression.gzip(100)));

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

    private static String zstd(byte[] plain) {
        return Base64.getEncoder().encodeToString(com.github.luben.zstd.Zstd.compress(plain));
    }

    private static String event(int offset, String payload, String encoding, String more) {
        return "{\"type\":\"event\",\"topic\":\"a\",\"message\":{\"id\":\"i\",\"payload\":\"" + payload
                + "\",\"encoding\":\"" + encoding + "\"" + more
                + "},\"ts\":\"2026-01-31T12:00:00.000Z\",\"epoch\":\"e\",\"offset\":" + offset + "}";
    }

    @ParameterizedTest
    @EnumSource
    void onlyWhatIsLargeEnoughAndBecomesSmallerIsSentCompressed(Encoding encoding) throws Exception {
        try (FanfareClient other = FanfareClient.open(
                server.url(), ClientOptions.defaults().withCompression(new Compression(encoding, 100)))) {
            var _ = other.publish("a", "x".repeat(98));
            var _ = other.publish("a", "x".repeat(99));
            Peer peer = server.nextPeer();
            assertThat(peer.take()).contains("\"payload\":\"xxx").doesNotContain("encoding");
            String packed = peer.take();
            assertThat(packed)
                    .contains("\"encoding\":\"" + encoding.wireName() + "\"")
                    .hasSizeLessThan(190);
            String payload = packed.replaceAll(".*\"payload\":\"([^\"]*)\".*", "$1");
            assertThat(new String(encoding.plain(payload), UTF_8)).isEqualTo("\"" + "x".repeat(99) + "\"");
        }
    }

    @Test
    void whoDoesNotCompressTakesNothingCompressed() throws Exception {
        try (FanfareClient plain = FanfareClient.open(server.url())) {
            CompletableFuture.runAsync(() -> plain.subscribe("a", event -> {}));
            assertThat(server.nextPeer().take()).doesNotContain("accept_encoding");
        }
    }

    @Test
    void withoutItsLibraryZstdIsNeitherSentNorTaken() throws Exception {
        ClassLoader here = CompressedTest.class.getClassLoader();
        ClassLoader parent = new ClassLoader(null) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                if (name.startsWith("com.github.luben") || name.startsWith("dev.fanfare.client")) {
                    throw new ClassNotFoundException(name);
                }
                return here.loadClass(name);
            }
        };
        URL classes = Compression.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader without = new URLClassLoader(new URL[] {classes}, parent)) {
            Class<?> compression = without.loadClass("dev.fanfare.client.Compression");
            Method zstd = compression.getMethod("zstd", int.class);
            assertThatThrownBy(() -> zstd.invoke(null, 100))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("com.github.luben:zstd-jni", "gzip");
            Object gzip = compression.getMethod("gzip", int.class).invoke(null, 100);
            Method takes = compression.getDeclaredMethod("takes");
            takes.setAccessible(true);
            assertThat(takes.invoke(gzip)).hasToString("[GZIP]");
        }
    }

    @Test
    void theBoundIsChecked() {
        assertThatThrownBy(() -> Compression.gzip(-1)).hasMessageContaining("above is -1");
    }

    @Test
    void eventsShowWhatWasMeant() throws Exception {
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        CompletableFuture<Subscription> subscribed =
                CompletableFuture.supplyAsync(() -> client.subscribe("a", events::add));
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"accept_encoding\":[\"gzip\",\"zstd\"]");
        peer.send("{\"type\":\"ack\",\"request_id\":\"1\",\"topic\":\"a\",\"status\":\"ok\","
                + "\"ts\":\"2026-01-31T12:00:00.000Z\",\"epoch\":\"e\",\"offset\":0}");
        subscribed.get(10, TimeUnit.SECONDS);
        peer.send(event(0, gzip("{\"n\":1.0e400}".getBytes(UTF_8)), "gzip", ""));
        peer.send(event(1, zstd("te\"xt".getBytes(UTF_8)), "zstd", ",\"content_type\":\"text/plain\""));
        peer.send(event(2, zstd(new byte[] {0, -1}), "zstd", ",\"content_type\":\"image/png\""));
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
    void aBombAndWhatIsNotWhatItSaysAreNotWhatAServerSays() throws Exception {
        byte[] plain = new byte[Encoding.PLAIN_MAX + 1];
        Arrays.fill(plain, (byte) '1');
        for (String payload : List.of(gzip(plain), zstd(plain), "AAAA", "?", "")) {
            for (Encoding encoding : Encoding.values()) {
                assertThat(catchThrowableOfType(
                                        ClientException.class,
                                        () -> Frames.read(event(0, payload, encoding.wireName(), "")))
                                .code())
                        .isEqualTo(ClientException.CONNECTION);
            }
        }
    }
}
