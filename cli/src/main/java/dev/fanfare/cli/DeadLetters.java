package dev.fanfare.cli;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// `fanfare dead-letters`: what acknowledged subscriptions have given up, over REST.
@Command(
        name = "dead-letters",
        description = "Lists, shows, redrives and purges what acknowledged subscriptions have given up of a topic.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            DeadLetters.ListThem.class,
            DeadLetters.Show.class,
            DeadLetters.Redrive.class,
            DeadLetters.Purge.class
        })
final class DeadLetters implements Runnable {

    private static final JsonFactory JSON = new JsonFactory();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }

    /// Which topic, and where.
    static final class Where {

        @Spec(Spec.Target.MIXEE)
        @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
        private CommandSpec spec;

        @Option(
                names = "--url",
                paramLabel = "URL",
                defaultValue = "${env:FANFARE_URL:-http://127.0.0.1:8080}",
                description = "The server: http(s)://host:port. Default: $$FANFARE_URL, or http://127.0.0.1:8080.")
        private String url = "";

        @Option(
                names = "--topic",
                paramLabel = "TOPIC",
                required = true,
                description = "The topic, or one that keeps" + " dead letters.")
        private String topic = "";

        @Mixin
        private final Login login = new Login();

        /// The answer's body; null when it was an error, which has been told.
        @Nullable
        String call(String method, String rest, String body) throws InterruptedException {
            String segment = URLEncoder.encode(topic, StandardCharsets.UTF_8).replace("+", "%20");
            String server = url.replaceFirst("^ws", "http").replaceFirst("(/ws)?/*$", "");
            HttpRequest request;
            try {
                HttpRequest.Builder building = HttpRequest.newBuilder(
                                URI.create(server + "/topics/" + segment + "/dead-letters" + rest))
                        .timeout(PATIENCE)
                        .method(method, HttpRequest.BodyPublishers.ofString(body));
                login.credentials().headers().forEach(building::header);
                request = building.build();
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
            }
            HttpClient.Builder opening =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE);
            SSLContext tls = login.tls(spec);
            if (tls != null) {
                opening.sslContext(tls);
            }
            try (HttpClient client = opening.build()) {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    return answer.body();
                }
                Main.complain(spec, server + " refused: " + answer.body());
            } catch (IOException e) {
                Main.complain(spec, server + " can't be reached: " + e);
            }
            return null;
        }
    }

    /// The dead letters in an answer, each as JSON in one line.
    private static List<String> letters(String answer) {
        List<String> letters = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), answer)) {
            while (parser.nextToken() != null) {
                if (parser.currentToken() == JsonToken.START_ARRAY && "dead_letters".equals(parser.currentName())) {
                    while (parser.nextToken() == JsonToken.START_OBJECT) {
                        StringWriter line = new StringWriter();
                        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line)) {
                            json.copyCurrentStructure(parser);
                        }
                        letters.add(line.toString());
                    }
                    return letters;
                }
            }
        }
        return letters;
    }

    @Command(
            name = "list",
            description = "Prints dead letters, oldest first, each as JSON in one line.",
            mixinStandardHelpOptions = true)
    static final class ListThem implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Option(names = "--from", paramLabel = "OFFSET", description = "The first offset in the dead-letter topic.")
        private long from;

        @Option(names = "--limit", paramLabel = "N", description = "At most so many, 1 to 1000. Default: 100.")
        private int limit = 100;

        @Override
        public Integer call() throws InterruptedException {
            String answer = where.call("GET", "?from=" + from + "&limit=" + limit, "");
            if (answer == null) {
                return Main.FAILED;
            }
            letters(answer).forEach(System.out::println);
            return Main.OK;
        }
    }

    @Command(
            name = "show",
            description = "Prints one dead letter as JSON. Exit code 1 if there is none at that offset.",
            mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Option(
                names = "--offset",
                paramLabel = "OFFSET",
                required = true,
                description = "Its offset in the dead-letter topic, as list prints it.")
        private long offset;

        @Override
        public Integer call() throws InterruptedException {
            String answer = where.call("GET", "?from=" + offset + "&limit=1", "");
            if (answer == null) {
                return Main.FAILED;
            }
            for (String letter : letters(answer)) {
                if (letter.startsWith("{\"offset\":" + offset + ",")) {
                    System.out.println(letter);
                    return Main.OK;
                }
            }
            Main.complain(where.spec, "there is no dead letter with offset " + offset);
            return Main.FAILED;
        }
    }

    @Command(
            name = "redrive",
            description =
                    "Sends dead letters back to the subscription that gave them up, or publishes them to a topic.",
            mixinStandardHelpOptions = true)
    static final class Redrive implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Option(
                names = "--offset",
                paramLabel = "OFFSET",
                split = ",",
                description = "Which; may be given several times. Default: all.")
        private List<Long> offsets = List.of();

        @Option(names = "--to", paramLabel = "TOPIC", description = "Publish them to this topic instead.")
        private @Nullable String to;

        @Override
        public Integer call() throws InterruptedException {
            StringWriter body = new StringWriter();
            try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), body)) {
                json.writeStartObject();
                if (!offsets.isEmpty()) {
                    json.writeName("offsets");
                    json.writeStartArray();
                    offsets.forEach(json::writeNumber);
                    json.writeEndArray();
                }
                if (to != null) {
                    json.writeStringProperty("to", to);
                }
                json.writeEndObject();
            }
            return told(where.call("POST", "/redrive", body.toString()));
        }
    }

    @Command(name = "purge", description = "Forgets all dead letters of a topic.", mixinStandardHelpOptions = true)
    static final class Purge implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Override
        public Integer call() throws InterruptedException {
            return told(where.call("DELETE", "", ""));
        }
    }

    private static int told(@Nullable String answer) {
        if (answer == null) {
            return Main.FAILED;
        }
        System.out.println(answer);
        return answer.contains("\"error\"") ? Main.FAILED : Main.OK;
    }
}
