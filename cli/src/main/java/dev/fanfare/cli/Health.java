package dev.fanfare.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `fanfare health`: whether a server is ready, for the health check of a container or a script. Needs no key: a server
/// tells everybody whether it is ready.
@Command(
        name = "health",
        description = {
            "Says whether a server is ready, and why not. Exits with 0 when it is, with 1 when it is not or can't be"
                    + " reached."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Health implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:FANFARE_URL:-http://127.0.0.1:8080}",
            description = "The server: http(s)://host:port. Default: $$FANFARE_URL, or http://127.0.0.1:8080.")
    private String url = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to wait for the answer. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Override
    public Integer call() throws InterruptedException {
        if (seconds < 1) {
            throw new ParameterException(spec.commandLine(), "--timeout: at least 1 second, not " + seconds);
        }
        String server = url.replaceFirst("^ws", "http").replaceFirst("(/ws)?/*$", "");
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(URI.create(server + "/health/ready"))
                    .timeout(Duration.ofSeconds(seconds))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
        }
        try (HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(seconds))
                .build()) {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 200) {
                System.out.println(answer.body());
                return Main.OK;
            }
            Main.complain(spec, server + " is not ready: " + answer.body());
        } catch (IOException e) {
            Main.complain(spec, server + " can't be reached: " + e);
        }
        return Main.FAILED;
    }
}
