package dev.fanfare.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `fanfare trace`: what happened to a message, for whom and when.
@Command(
        name = "trace",
        description = {
            "Says what happened to a message: where it is stored, who gave it up as a dead letter and why, and, while the"
                    + " server records it, to whom it was handed, when, how often, and with what outcome.",
            "",
            "A server records nothing of single messages by itself, since that costs every publish and delivery something."
                    + " --watch has it record those of all messages for so many seconds, the newest 10,000 of what happens,"
                    + " and prints what happens to this one meanwhile. Deliveries of plain WebSocket subscriptions, which"
                    + " nobody acknowledges, are not told one by one.",
            "",
            "Exit code 1 when nothing is known of the message. Needs the right to observe."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Trace implements Callable<Integer> {

    private static final int WATCH_MAX = 3_600;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Mixin
    private final Remote remote = new Remote();

    @Parameters(paramLabel = "MESSAGE-ID", description = "The message's id; it need not have been published yet.")
    private String id = "";

    @Option(names = "--topic", paramLabel = "TOPIC", description = "Look in this topic only: quicker.")
    private @Nullable String topic;

    @Option(names = "--watch", paramLabel = "SECONDS", description = "Record and look on for so long, 3600 at most.")
    private int watch;

    @Option(names = "--json", description = "The answer as JSON in one line; with --watch the last one.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (watch < 0 || watch > WATCH_MAX) {
            throw new ParameterException(spec.commandLine(), "--watch must be 0 to " + WATCH_MAX + ", but is " + watch);
        }
        JsonNode answer = ask(watch);
        if (!json) {
            answer.path("stored").forEach(Trace::stored);
            answer.path("dead_letters").forEach(Trace::deadLetter);
        }
        int told = json ? 0 : events(answer, 0);
        for (int second = 0; second < watch; second++) {
            TimeUnit.SECONDS.sleep(1);
            answer = ask(0);
            told = json ? 0 : events(answer, told);
        }
        if (json) {
            System.out.println(answer);
        }
        boolean known = !answer.path("stored").isEmpty()
                || !answer.path("dead_letters").isEmpty()
                || !answer.path("events").isEmpty();
        if (!known) {
            Main.complain(
                    spec,
                    "nothing is known of message " + id
                            + (answer.path("recording").asBoolean() || watch > 0
                                    ? ""
                                    : "; nothing is recorded either: --watch 60 records what happens from now on"));
        } else if (!json && !answer.path("complete").asBoolean(true)) {
            Main.complain(spec, "not all that is stored was looked at: --topic looks in one topic");
        }
        return known ? Main.OK : Main.FAILED;
    }

    private JsonNode ask(int seconds) throws InterruptedException {
        String query = "?watch=" + seconds + (topic == null ? "" : "&topic=" + Remote.encoded(topic));
        return remote.get("/trace/" + Remote.encoded(id) + query);
    }

    private static void stored(JsonNode at) {
        line(
                at.path("ts").asString(),
                "stored",
                at.path("topic").asString() + " @" + at.path("offset").asLong());
    }

    private static void deadLetter(JsonNode letter) {
        line(
                letter.path("at").asString(),
                "dead letter",
                letter.path("kept_in").asString() + " @" + letter.path("offset").asLong() + ", given up by "
                        + letter.path("subscription").asString() + " after "
                        + letter.path("attempts").asLong() + " attempts ("
                        + letter.path("reason").asString() + "): "
                        + letter.path("last_error").asString());
    }

    /// Prints those after the ones that were told.
    private static int events(JsonNode answer, int told) {
        JsonNode events = answer.path("events");
        for (int i = Math.min(told, events.size()); i < events.size(); i++) {
            JsonNode event = events.get(i);
            StringBuilder about = new StringBuilder(event.path("topic").asString());
            about.append(" @").append(event.path("offset").asLong());
            event.propertyStream()
                    .filter(each -> switch (each.getKey()) {
                        case "event", "topic", "offset", "message_id", "ts" -> false;
                        default -> true;
                    })
                    .forEach(each -> about.append(", ")
                            .append(each.getKey())
                            .append(' ')
                            .append(each.getValue().asString()));
            line(event.path("ts").asString(), event.path("event").asString(), about.toString());
        }
        return events.size();
    }

    private static void line(String time, String what, String about) {
        System.out.printf("%-24s  %-16s  %s%n", time, what, Terminal.harmless(about));
    }
}
