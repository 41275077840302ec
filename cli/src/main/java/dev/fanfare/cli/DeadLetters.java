package dev.fanfare.cli;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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

        @Mixin
        private final Remote remote = new Remote();

        @Option(
                names = "--topic",
                paramLabel = "TOPIC",
                required = true,
                description = "The topic, or one that keeps dead letters.")
        private String topic = "";

        /// The answer's body.
        String call(String method, String rest, String body) throws InterruptedException {
            return remote.text(method, "/topics/" + Remote.encoded(topic) + "/dead-letters" + rest, body);
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

    private static int told(String answer) {
        System.out.println(answer);
        return answer.contains("\"error\"") ? Main.FAILED : Main.OK;
    }
}
