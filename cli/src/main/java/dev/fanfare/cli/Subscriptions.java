package dev.fanfare.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `fanfare subscriptions`: lists and ends acknowledged subscriptions and groups, over REST.
@Command(
        name = "subscriptions",
        description = {
            "Lists the acknowledged subscriptions and groups of a server, whether or not somebody hears them now. end"
                    + " ends one.",
            "",
            "LAG is what is not done, IN-FLIGHT what is handed out and not acknowledged, WAITING what waits for a retry."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = Subscriptions.End.class)
final class Subscriptions implements Callable<Integer> {

    @Mixin
    private final Remote remote = new Remote();

    @Option(names = "--json", description = "Each as JSON in one line.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        JsonNode all = remote.get("/subscriptions").path("subscriptions");
        if (json) {
            all.forEach(System.out::println);
            return Main.OK;
        }
        Table table = new Table()
                .text("SUBSCRIPTION")
                .text("TOPIC")
                .number("MEMBERS")
                .number("LAG")
                .number("IN-FLIGHT")
                .number("WAITING")
                .number("DELIVERED")
                .number("FAILED")
                .number("DEAD")
                .number("DROPPED")
                .text("CIRCUIT");
        for (JsonNode each : all) {
            table.row(
                    Terminal.harmless(each.path("name").asString()),
                    Terminal.harmless(each.path("topic").asString()),
                    each.path("members").asLong(),
                    each.path("lag").asLong(),
                    each.path("in_flight").asLong(),
                    each.path("waiting").asLong(),
                    each.path("delivered").asLong(),
                    each.path("failed").asLong(),
                    each.path("dead_lettered").asLong(),
                    each.path("dropped").asLong(),
                    each.path("circuit").asString("-"));
        }
        Terminal.print(table);
        return Main.OK;
    }

    @Command(
            name = "end",
            description = "Ends a group or a durable subscription: its position and what waits for it are forgotten."
                    + " Exit code 1 if there is none.",
            mixinStandardHelpOptions = true)
    static final class End implements Callable<Integer> {

        @Mixin
        private final Remote remote = new Remote();

        @Parameters(paramLabel = "NAME", description = "The group or durable name.")
        private String name = "";

        @Override
        public Integer call() throws InterruptedException {
            remote.call("DELETE", "/subscriptions/" + Remote.encoded(name), "");
            return Main.OK;
        }
    }
}
