package dev.fanfare.cli;

import dev.fanfare.client.ClientOptions;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import java.io.IOException;
import java.io.Serial;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Which server a command is for, and who it is there.
final class Remote {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final JsonMapper JSON = JsonMapper.shared();

    /// Made with the first call.
    private @Nullable HttpClient http;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:FANFARE_URL:-http://127.0.0.1:8080}",
            description = "The server: http(s)://host:port or ws(s)://host:port/ws."
                    + " Default: $$FANFARE_URL, or http://127.0.0.1:8080.")
    private String url = "";

    @Mixin
    private final Login login = new Login();

    /// What a server did not do. The message says it whole.
    static final class Refused extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        private final int status;

        /// @param status of the answer; 0 when there was none
        Refused(int status, String message) {
            super(message);
            this.status = status;
        }

        /// Whether no server answered.
        boolean unreachable() {
            return status == 0;
        }

        int status() {
            return status;
        }
    }

    /// A client of the library. Connects to nothing yet.
    FanfareClient open(Consumer<Notice> notices) {
        try {
            // Somebody is looking on: don't let them wait as long as a program would.
            ClientOptions options = ClientOptions.defaults()
                    .withDelays(Duration.ofMillis(100), Duration.ofSeconds(3))
                    .withCredentials(login.credentials(spec))
                    .withNotices(notices);
            SSLContext tls = login.tls(spec);
            return FanfareClient.open(url, tls == null ? options : options.withTls(tls));
        } catch (IllegalArgumentException e) {
            throw wrongUrl(e);
        }
    }

    /// The server's address for calls, without a slash at its end.
    String address() {
        String full = url.contains("://") ? url : "http://" + url;
        return full.replaceFirst("^ws", "http").replaceFirst("/*(\\?.*)?$", "").replaceFirst("/ws$", "");
    }

    /// What shows the server who calls.
    Map<String, String> headers() {
        return login.credentials(spec).headers();
    }

    JsonNode get(String path) throws InterruptedException {
        return call("GET", path, "");
    }

    /// Makes a call that is answered with JSON.
    ///
    /// @throws Refused when the server can't be reached or refuses
    JsonNode call(String method, String path, String body) throws InterruptedException {
        String text = text(method, path, body);
        try {
            return JSON.readTree(text.isEmpty() ? "{}" : text);
        } catch (JacksonException e) {
            throw new Refused(200, address() + path + " did not answer with JSON; is this a Fanfare server?");
        }
    }

    /// Makes a call that is answered with text.
    ///
    /// @throws Refused when the server can't be reached or refuses
    String text(String method, String path, String body) throws InterruptedException {
        HttpRequest request;
        try {
            HttpRequest.Builder building = HttpRequest.newBuilder(URI.create(address() + path))
                    .timeout(PATIENCE)
                    .method(method, HttpRequest.BodyPublishers.ofString(body));
            if (!body.isEmpty()) {
                building.header("Content-Type", "application/json");
            }
            headers().forEach(building::header);
            request = building.build();
        } catch (IllegalArgumentException e) {
            throw wrongUrl(e);
        }
        try {
            HttpResponse<String> answer =
                    client().send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            if (answer.statusCode() / 100 == 2) {
                return answer.body();
            }
            throw refused(answer.statusCode(), answer.body());
        } catch (IOException e) {
            throw new Refused(0, "can't reach " + address() + " (" + reason(e) + "); does a server run there?");
        }
    }

    private HttpClient client() {
        HttpClient made = http;
        if (made == null) {
            HttpClient.Builder opening =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10));
            SSLContext tls = login.tls(spec);
            if (tls != null) {
                opening.sslContext(tls);
            }
            made = opening.build();
            http = made;
        }
        return made;
    }

    private Refused refused(int status, String body) {
        String said = said(body);
        return new Refused(
                status,
                switch (status) {
                    case 401 ->
                        address() + " does not let this client in (401): give --api-key or --token"
                                + (headers().isEmpty() ? "" : ", the one given is not valid");
                    case 403 -> "not allowed (403): " + said;
                    default -> said + " (" + status + ")";
                });
    }

    /// The words of an answer that is an error.
    private static String said(String body) {
        try {
            JsonNode problem = JSON.readTree(body);
            String message = problem.path("error").path("message").asString("");
            String text = message.isEmpty() ? problem.path("detail").asString("") : message;
            return text.isEmpty() ? body : text;
        } catch (JacksonException noJson) {
            return body.isBlank() ? "refused without a word" : body;
        }
    }

    private static String reason(IOException error) {
        Throwable cause = error;
        while (cause.getMessage() == null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? "connection refused" : cause.getMessage();
    }

    private ParameterException wrongUrl(IllegalArgumentException why) {
        return new ParameterException(spec.commandLine(), "--url: " + why.getMessage(), why);
    }

    /// A name as a part of a path, or a value in a query.
    static String encoded(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// Any value as one line of JSON.
    static String json(Object value) {
        return JSON.writeValueAsString(value);
    }
}
