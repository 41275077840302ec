package dev.fanfare.server;

import dev.fanfare.Broker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server on free ports, and a client of its REST interface.
public final class RunningServer implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();

    /// The server.
    public final FanfareServer server;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private RunningServer(FanfareServer server) {
        this.server = server;
    }

    /// Both dialects, and settings in pairs of name and value.
    public static RunningServer with(String... settings) {
        return new RunningServer(FanfareServer.start(ServerConfig.of(all(settings))));
    }

    /// The same for a broker that is the test's own.
    public static RunningServer with(Broker broker, String... settings) {
        return new RunningServer(FanfareServer.start(broker, ServerConfig.of(all(settings))));
    }

    private static Map<String, String> all(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of("port", "0", "flat-port", "0"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return all;
    }

    /// What was answered.
    public record Answered(int status, String body, HttpResponse<String> response) {
        /// The body as JSON.
        public JsonNode json() {
            return JSON.readTree(body);
        }

        /// The first header of that name; empty if there is none.
        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    /// Calls the standard dialect.
    public Answered call(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return send(server.port(), method, path, body, headers);
    }

    /// Calls the standard dialect with `GET`.
    public Answered get(String path, String... headers) throws IOException, InterruptedException {
        return call("GET", path, "", headers);
    }

    /// Calls the flat dialect.
    public Answered flat(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return send(server.flatPort().orElseThrow(), method, path, body, headers);
    }

    private Answered send(int port, String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answered(response.statusCode(), response.body(), response);
    }

    /// A bare connection to the standard dialect.
    public RawHttp raw() throws IOException {
        return new RawHttp(server.port());
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.close();
    }
}
