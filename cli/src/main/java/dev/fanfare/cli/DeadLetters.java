package dev.fanfare.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

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

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }

    /// Which topic, where, and how it is told.
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

        @Option(names = "--json", description = "Print JSON, a line for each.")
        private boolean json;

        JsonNode call(String method, String rest, String body) throws InterruptedException {
            return remote.call(method, "/topics/" + Remote.encoded(topic) + "/dead-letters" + rest, body);
        }

        int failed(String what) {
            Main.complain(spec, what);
            return Main.FAILED;
        }
    }

    @Command(name = "list", description = "Prints dead letters, oldest first.", mixinStandardHelpOptions = true)
    static final class ListThem implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Option(names = "--from", paramLabel = "OFFSET", description = "The first offset in the dead-letter topic.")
        private long from;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "100",
                description = "At most so many, 1 to 1000. Default: ${DEFAULT-VALUE}.")
        private int limit;

        @Override
        public Integer call() throws InterruptedException {
            JsonNode answer = where.call("GET", "?from=" + from + "&limit=" + limit, "");
            JsonNode letters = answer.path("dead_letters");
            if (where.json) {
                letters.forEach(System.out::println);
                return Main.OK;
            }
            Table table = new Table()
                    .number("OFFSET")
                    .text("REASON")
                    .number("ATTEMPTS")
                    .text("AT")
                    .text("SUBSCRIPTION")
                    .text("MESSAGE")
                    .text("LAST ERROR");
            for (JsonNode letter : letters) {
                table.row(
                        letter.path("offset").asLong(),
                        letter.path("reason").asString(),
                        letter.path("attempts").asLong(),
                        letter.path("at").asString(),
                        Terminal.harmless(letter.path("subscription").asString()),
                        Terminal.harmless(
                                letter.path("event").path("message").path("id").asString()),
                        Terminal.harmless(letter.path("last_error").asString()));
            }
            Terminal.print(table);
            if (letters.isEmpty()) {
                System.err.println("There are none from offset " + from + " on.");
            } else if (letters.size() < answer.path("count").asLong()) {
                System.err.println(
                        "There may be more: --from " + answer.path("next").asLong() + " goes on.");
            }
            return Main.OK;
        }
    }

    @Command(
            name = "show",
            description = "Prints one dead letter. Exit code 1 if there is none at that offset.",
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
            JsonNode letter = where.call("GET", "?from=" + offset + "&limit=1", "")
                    .path("dead_letters")
                    .path(0);
            if (letter.path("offset").asLong(-1) != offset) {
                return where.failed("there is no dead letter with offset " + offset);
            }
            if (where.json) {
                System.out.println(letter);
            } else {
                Terminal.print(letter);
            }
            return Main.OK;
        }
    }

    @Command(
            name = "redrive",
            description = {
                "Sends dead letters back to the subscription that gave them up, or publishes them to a topic.",
                "",
                "Prints how many. Exit code 1 if one of those asked for is not there, or could not be sent: it stays."
            },
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
            Map<String, Object> body = new LinkedHashMap<>();
            if (!offsets.isEmpty()) {
                body.put("offsets", offsets);
            }
            if (to != null) {
                body.put("to", to);
            }
            JsonNode answer = where.call("POST", "/redrive", Remote.json(body));
            long done = answer.path("redriven").asLong();
            System.out.println(where.json ? answer : done + " redriven");
            if (answer.has("error")) {
                return where.failed("the others stay: "
                        + answer.path("error").path("message").asString());
            }
            long asked = offsets.stream().distinct().count();
            return done < asked ? where.failed((asked - done) + " of these are not there") : Main.OK;
        }
    }

    @Command(
            name = "purge",
            description = "Forgets all dead letters of a topic, and prints how many they were.",
            mixinStandardHelpOptions = true)
    static final class Purge implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Override
        public Integer call() throws InterruptedException {
            JsonNode answer = where.call("DELETE", "", "");
            System.out.println(where.json ? answer : answer.path("purged").asLong() + " purged");
            return Main.OK;
        }
    }
}
