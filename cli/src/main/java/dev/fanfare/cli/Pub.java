package dev.fanfare.cli;

import dev.fanfare.client.ClientException;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Outgoing;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// `fanfare pub`: publishes standard input line by line, and ends when every line has been answered.
///
/// The input is read by a thread of its own, so that a refusal can end the command while it waits for the next line.
@Command(
        name = "pub",
        description = {
            "Publishes the lines of standard input, each as one message.",
            "",
            "Waits until the server has every line. If the connection breaks, reconnects and sends again what was not"
                    + " acknowledged: no line is lost, but the last ones sent may be there twice (at least once), the"
                    + " repeated ones behind those that came after them. Exit code 1 if any line was refused.",
            "",
            "Input is UTF-8. Bytes that are not are replaced by U+FFFD, which is said once; with --json such a line is"
                    + " refused."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Pub implements Callable<Integer> {

    private static final int REFUSALS_SHOWN = 20;
    private static final JsonFactory JSON = new JsonFactory();

    private record Line(long number, Outgoing message) {}

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Mixin
    private final ServerOptions server = new ServerOptions();

    @Parameters(paramLabel = "TOPIC", description = "The topic to publish to.")
    private String topic = "";

    @Option(names = "--json", description = "Each line is a JSON value, published as it is. Blank lines are skipped.")
    private boolean json;

    private final CompletableFuture<Integer> fatal = new CompletableFuture<>();
    private final AtomicLong refused = new AtomicLong();
    private final ConcurrentLinkedQueue<Line> again = new ConcurrentLinkedQueue<>();

    /// Whether something was not UTF-8. The reader's own.
    private boolean replaced;

    /// Its parties are the lines that have no answer yet, and the reader.
    private final Phaser unanswered = new Phaser(1);

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        try (FanfareClient client = server.open(notice -> Main.complain(spec, notice.toString()))) {
            if (server.create()) {
                client.createTopic(topic);
            }
            Thread.ofPlatform().daemon().name("stdin").start(() -> {
                try {
                    publishAll(client);
                    fatal.complete(refused.get() == 0 ? Main.OK : Main.FAILED);
                } catch (ClientException e) {
                    fail(String.valueOf(e.getMessage()));
                }
            });
            int code = fatal.get();
            if (refused.get() > REFUSALS_SHOWN) {
                Main.complain(spec, refused.get() + " lines were refused");
            }
            return code;
        } catch (ClientException e) {
            Main.complain(spec, String.valueOf(e.getMessage()));
            return Main.FAILED;
        }
    }

    private void publishAll(FanfareClient client) {
        Lines lines = new Lines(new FileInputStream(FileDescriptor.in));
        boolean more = true;
        while (more) {
            try {
                String text = lines.next();
                more = text != null;
                if (text != null) {
                    publish(client, lines.number(), text, lines.malformed());
                }
            } catch (IOException e) {
                refuse(lines.number(), String.valueOf(e.getMessage()));
            }
            publishAgain(client);
        }
        do {
            unanswered.arriveAndAwaitAdvance();
            publishAgain(client);
        } while (unanswered.getRegisteredParties() > 1);
    }

    private void publish(FanfareClient client, long number, String text, boolean malformed) {
        if (!json) {
            if (malformed && !replaced) {
                replaced = true;
                Main.complain(
                        spec,
                        "line " + number + " is not UTF-8: what can't be read in it and in lines after it is replaced"
                                + " by U+FFFD");
            }
            send(client, new Line(number, Outgoing.text(text)));
            return;
        }
        if (text.isBlank()) {
            return;
        }
        String wrong = malformed ? "not JSON: not UTF-8" : whatIsWrongWith(text);
        if (wrong == null) {
            send(client, new Line(number, Outgoing.json(text)));
        } else {
            refuse(number, wrong);
        }
    }

    private void send(FanfareClient client, Line line) {
        unanswered.register();
        var _ = client.publish(topic, line.message).whenComplete((published, error) -> {
            answered(line, error);
            unanswered.arriveAndDeregister();
        });
    }

    private void answered(Line line, @Nullable Throwable error) {
        if (error == null) {
            return;
        }
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        String code = cause instanceof ClientException refusal ? refusal.code() : "";
        if (code.equals(ClientException.CONNECTION)) {
            // Nothing that this server can do for any line.
            fail(String.valueOf(cause.getMessage()));
        } else if (!code.equals("TOPIC_NOT_FOUND")) {
            refuse(line.number, code + ": " + cause.getMessage());
        } else if (server.create()) {
            // It was made at the start, so somebody has deleted it, or the server has forgotten it.
            again.add(line);
        } else {
            fail("line " + line.number + " was not published: " + ServerOptions.noSuchTopic(topic));
        }
    }

    private void publishAgain(FanfareClient client) {
        if (again.isEmpty()) {
            return;
        }
        if (client.createTopic(topic)) {
            Main.complain(spec, ServerOptions.madeAgain(topic));
        }
        // Answers come in any order, lines are published in theirs.
        unanswered.arriveAndAwaitAdvance();
        List<Line> lines = new ArrayList<>();
        for (Line line = again.poll(); line != null; line = again.poll()) {
            lines.add(line);
        }
        lines.sort(Comparator.comparingLong(Line::number));
        lines.forEach(line -> send(client, line));
    }

    private void refuse(long number, String why) {
        if (refused.incrementAndGet() <= REFUSALS_SHOWN) {
            Main.complain(spec, "line " + number + " was not published: " + why);
        }
    }

    private void fail(String why) {
        if (!fatal.isDone()) {
            Main.complain(spec, why);
            fatal.complete(Main.FAILED);
        }
    }

    private static @Nullable String whatIsWrongWith(String text) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            parser.skipChildren();
            parser.finishToken();
            return parser.nextToken() == null ? null : "not JSON: more than one value";
        } catch (JacksonException e) {
            return "not JSON: " + e.getOriginalMessage() + ", column "
                    + e.getLocation().getColumnNr();
        }
    }
}
