package dev.fanfare.cli;

import dev.fanfare.client.FanfareClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/// `fanfare rehearse`: plays the life of a server, in a second or two, while the JVM records what is loaded for it
/// (`-XX:AOTCacheOutput`). The launcher calls it once after each build; it is of no use to anybody else and is not
/// listed.
///
/// The server is the one of `fanfare serve`, with the same way through the command line, on a free port of this machine
/// and with no data of anybody's.
@Command(name = "rehearse", hidden = true, description = "Plays the life of a server while the JVM records it.")
final class Rehearsal implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Override
    public Integer call() throws Exception {
        int port = freePort();
        Thread.ofPlatform()
                .daemon()
                .name("rehearsal")
                .start(() -> Main.commands().execute("serve", "--host", "127.0.0.1", "--port", String.valueOf(port)));
        String address = "127.0.0.1:" + port;
        try (HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            awaitServer(http, address);
            for (String path :
                    List.of("/", "/health", "/health/ready", "/stats", "/metrics", "/topics", "/openapi.json")) {
                get(http, address, path);
            }
            publishAndHear(address);
        }
        return Main.OK;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// Asks until somebody answers; a connection that is refused comes back at once, so each try waits a little.
    private static void awaitServer(HttpClient http, String address) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                get(http, address, "/health");
                return;
            } catch (IOException e) {
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
                never.await(20, TimeUnit.MILLISECONDS);
            }
        }
    }

    private static void get(HttpClient http, String address, String path) throws IOException, InterruptedException {
        http.send(
                HttpRequest.newBuilder(URI.create("http://" + address + path))
                        .timeout(PATIENCE)
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    private static void publishAndHear(String address) throws Exception {
        CountDownLatch heard = new CountDownLatch(1);
        try (FanfareClient client = FanfareClient.open("http://" + address)) {
            client.createTopic("rehearsal");
            client.subscribe("rehearsal", event -> heard.countDown());
            client.publish("rehearsal", "once").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            client.publish("rehearsal", "and again").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            heard.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }
}
