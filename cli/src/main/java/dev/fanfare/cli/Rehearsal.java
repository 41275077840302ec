package dev.fanfare.cli;

import dev.fanfare.client.FanfareClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fanfare rehearse`: plays the life of a client and its server, in a second or two, while the JVM of each records
/// what
/// is loaded for it (`-XX:AOTCacheOutput`). The launcher calls it once after each build; it is of no use to anybody
/// else and is not listed.
///
/// The server is another process, that of `fanfare serve` on a free port of this machine and with no data of anybody's:
/// what a client loads has no place in the cache of a server, where it would make each start slower.
@Command(name = "rehearse", hidden = true, description = "Plays the life of a client while the JVM records it.")
final class Rehearsal implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern ADDRESS = Pattern.compile("ws://([^/\\s]+)/ws");
    private static final String TOPIC = "rehearsal";

    @Parameters(index = "0", paramLabel = "PID", description = "The server, which is ended.")
    private long server;

    @Parameters(index = "1", paramLabel = "FILE", description = "Where the server says what it listens on.")
    private Path banner = Path.of("");

    @Override
    public Integer call() throws Exception {
        ProcessHandle process = ProcessHandle.of(server).orElseThrow(() -> new IOException("there is no server"));
        try {
            String url = "http://" + address(process);
            try (HttpClient http =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
                for (String path :
                        List.of("/", "/health", "/health/ready", "/stats", "/metrics", "/topics", "/openapi.json")) {
                    get(http, url + path);
                }
            }
            publishAndHear(url);
            commands(url);
        } finally {
            // Before this JVM ends: both write what they have recorded at the same time.
            process.destroy();
        }
        return Main.OK;
    }

    /// Waits until the server has said where it listens.
    private String address(ProcessHandle process) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        long begun = System.nanoTime();
        while (true) {
            Matcher matcher = ADDRESS.matcher(Files.readString(banner));
            if (matcher.find()) {
                return matcher.group(1);
            }
            if (!process.isAlive() || System.nanoTime() - begun > PATIENCE.toNanos()) {
                throw new IOException("the server does not say where it listens");
            }
            never.await(20, TimeUnit.MILLISECONDS);
        }
    }

    private static void get(HttpClient http, String url) throws IOException, InterruptedException {
        http.send(
                HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build(),
                HttpResponse.BodyHandlers.discarding());
    }

    private static void publishAndHear(String url) throws Exception {
        CountDownLatch heard = new CountDownLatch(1);
        try (FanfareClient client = FanfareClient.open(url)) {
            client.createTopic(TOPIC);
            client.subscribe(TOPIC, event -> heard.countDown());
            client.publish(TOPIC, "once").get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            heard.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /// What a user is likely to begin with.
    private static void commands(String url) {
        System.setIn(new ByteArrayInputStream("and again\n".getBytes(StandardCharsets.UTF_8)));
        for (List<String> command : List.of(
                List.of("health"),
                List.of("pub", TOPIC),
                List.of("sub", TOPIC, "--from", "earliest", "--count", "1"),
                List.of("topics"),
                List.of("topics", "show", TOPIC),
                List.of("subscriptions"))) {
            int code = Main.commands()
                    .execute(Stream.concat(command.stream(), Stream.of("--url", url))
                            .toArray(String[]::new));
            if (code != Main.OK) {
                throw new IllegalStateException(String.join(" ", command) + " ended with " + code);
            }
        }
    }
}
