package dev.fanfare.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `fanfare topics`: lists, makes, shows and deletes topics, over REST.
@Command(
        name = "topics",
        description = {
            "Lists the topics of a server, in the order of their names. Its commands make, show and delete them.",
            "",
            "Exit code 1 when the server refuses or can't be reached."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {Topics.Create.class, Topics.Show.class, Topics.Delete.class})
final class Topics implements Callable<Integer> {

    @Mixin
    private final Remote remote = new Remote();

    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only those whose names begin with it.")
    private String prefix = "";

    @Option(names = "--after", paramLabel = "NAME", description = "Only those after this name: the next page.")
    private String after = "";

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "1000",
            description = "At most so many. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Option(names = "--json", description = "Each as JSON in one line.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        JsonNode topics = remote.get("/topics?prefix=" + Remote.encoded(prefix) + "&after=" + Remote.encoded(after)
                        + "&limit=" + limit)
                .path("topics");
        if (json) {
            topics.forEach(System.out::println);
            return Main.OK;
        }
        Table table = new Table().text("TOPIC").number("SUBSCRIBERS");
        String last = "";
        for (JsonNode topic : topics) {
            last = topic.path("name").asString();
            table.row(Terminal.harmless(last), topic.path("subscribers").asLong());
        }
        Terminal.print(table);
        if (topics.size() == limit) {
            System.err.println("There may be more: --after '" + last + "' goes on.");
        }
        return Main.OK;
    }

    @Command(
            name = "create",
            description = {
                "Makes a topic. Exit code 1 if it exists.",
                "",
                "What is not given is as the server's settings say; it refuses what it can't do."
            },
            mixinStandardHelpOptions = true)
    static final class Create implements Callable<Integer> {

        @Mixin
        private final Remote remote = new Remote();

        @Mixin
        private final TopicOptions options = new TopicOptions();

        @Parameters(paramLabel = "NAME", description = "What it is called.")
        private String name = "";

        @Override
        public Integer call() throws InterruptedException {
            Map<String, Object> body = options.body();
            body.put("name", name);
            remote.call("POST", "/topics", Remote.json(body));
            return Main.OK;
        }
    }

    @Command(
            name = "show",
            description = "Prints the settings and figures of a topic. Exit code 1 if it does not exist.",
            mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {

        @Mixin
        private final Remote remote = new Remote();

        @Parameters(paramLabel = "NAME", description = "The topic.")
        private String name = "";

        @Option(names = "--json", description = "As JSON in one line.")
        private boolean json;

        @Override
        public Integer call() throws InterruptedException {
            JsonNode topic = remote.get("/topics/" + Remote.encoded(name));
            if (json) {
                System.out.println(topic);
            } else {
                Terminal.print(topic);
            }
            return Main.OK;
        }
    }

    @Command(
            name = "delete",
            description = "Deletes topics with all they keep; their subscribers are told. Exit code 1 if one does not"
                    + " exist: those before it are deleted.",
            mixinStandardHelpOptions = true)
    static final class Delete implements Callable<Integer> {

        @Mixin
        private final Remote remote = new Remote();

        @Parameters(paramLabel = "NAME", arity = "1..*", description = "The topics.")
        private List<String> names = List.of();

        @Override
        public Integer call() throws InterruptedException {
            for (String name : names) {
                remote.call("DELETE", "/topics/" + Remote.encoded(name), "");
            }
            return Main.OK;
        }
    }
}
