package dev.fanfare.cli;

import dev.fanfare.client.Acknowledging;
import dev.fanfare.client.ClientException;
import dev.fanfare.client.Delivery;
import dev.fanfare.client.DeliveryListener;
import dev.fanfare.client.Event;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import dev.fanfare.client.Selection;
import dev.fanfare.client.Start;
import dev.fanfare.client.Subscription;
import dev.fanfare.client.SubscriptionListener;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare sub`: prints what comes, until it is stopped or its topic is deleted.
///
/// The client's thread hands messages over in a bounded queue, and waits when it is full; this thread prints
/// them, and flushes whenever it has caught up: a lone message shows at once, many cost one write.
@Command(
        name = "sub",
        description = {
            "Prints the messages of a topic, or of all topics that match a pattern: orders.*, logs/**",
            "",
            "--filter and --type choose among them: an expression in CEL over message (id, type, key, headers, payload,"
                    + " timestamp) and topic that must be true, and the types. The server leaves out the others.",
            "",
            "With --group or --name a message is acknowledged when it is printed: what was not comes again, here or to"
                    + " another member of the group.",
            "",
            "Strings are printed as they are, other values as JSON; for a pattern the topic comes first. Reconnects and"
                    + " resumes by itself, and says so on standard error."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Sub implements Callable<Integer> {

    private static final int QUEUE_MAX = 1024;

    /// What the printing thread is handed.
    private sealed interface Item {
        /// @param printed completed when the line is out; null when nobody waits for that
        record Print(String line, @Nullable CompletableFuture<Void> printed) implements Item {}

        record End(int code) implements Item {}
    }

    /// Where to begin; one of them at most.
    private static final class Beginning {
        @Option(names = "--last", paramLabel = "N", description = "Begin with the newest N messages that are kept.")
        private @Nullable Integer last;

        @Option(
                names = "--from",
                paramLabel = "WHERE",
                description = "Begin with the oldest message that is kept (earliest), with the next one (latest, the"
                        + " default), or at a time (2026-01-31T12:00:00Z).")
        private @Nullable String from;
    }

    /// Under which name it acknowledges; one of them at most.
    private static final class Named {
        @Option(
                names = "--group",
                paramLabel = "NAME",
                description = "Share the messages with the other members of this group.")
        private @Nullable String group;

        @Option(
                names = "--name",
                paramLabel = "NAME",
                description = "Have the server keep what comes while nobody is there under this name. Whoever uses it"
                        + " next takes it over.")
        private @Nullable String name;

        /// @param most how many messages are wanted
        /// @throws ParameterException when the name is none
        Acknowledging how(CommandSpec spec, long most) {
            String given = String.valueOf(group != null ? group : name);
            if (given.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(), (group != null ? "--group" : "--name") + " must not be empty");
            }
            Acknowledging how = group != null ? Acknowledging.group(given) : Acknowledging.durable(given);
            return how.withWindow((int) Math.min(most, how.window()));
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Mixin
    private final ServerOptions server = new ServerOptions();

    @Parameters(paramLabel = "PATTERN", description = "A topic, or a pattern: * is one segment, ** any number.")
    private String pattern = "";

    @ArgGroup
    private @Nullable Beginning beginning;

    @ArgGroup
    private @Nullable Named named;

    @Option(
            names = "--filter",
            paramLabel = "EXPR",
            description = "Only messages for which this is true: \"message.payload.amount > 100 &&"
                    + " message.headers.region == 'eu'\". One that it can't be told of is left out.")
    private @Nullable String filter;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "Only messages of this type; given several times, of any of these.")
    private List<String> types = List.of();

    @Option(names = "--json", description = "Print each message whole, as a line of JSON.")
    private boolean json;

    @Option(names = "--count", paramLabel = "N", description = "End after N messages.")
    private @Nullable Long count;

    private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(QUEUE_MAX);

    /// Fails when nothing more is printed.
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    @Override
    public Integer call() throws InterruptedException {
        Start start = start();
        long left = count == null ? Long.MAX_VALUE : count;
        if (left < 1) {
            throw new ParameterException(spec.commandLine(), "--count must be 1 or more, but is " + left);
        }
        Acknowledging how = named == null ? null : named.how(spec, left);
        try (FanfareClient client = server.open(notice -> {})) {
            if (server.create() && !isPattern()) {
                client.createTopic(pattern);
            }
            Subscription subscription = subscribe(client, how, start);
            int code = print(left);
            subscription.close();
            over.completeExceptionally(new IllegalStateException("not printed"));
            return code;
        } catch (ClientException e) {
            boolean unknown = e.code().equals("TOPIC_NOT_FOUND");
            Main.complain(spec, unknown ? ServerOptions.noSuchTopic(pattern) : String.valueOf(e.getMessage()));
            // Then it is the arguments that are wrong: the pattern, or the expression.
            return e.code().equals("BAD_REQUEST") ? Main.WRONG_USE : Main.FAILED;
        }
    }

    private Subscription subscribe(FanfareClient client, @Nullable Acknowledging how, Start start) {
        Selection wanted = new Selection(filter, types);
        Listener listener = new Listener(client);
        return how == null
                ? client.subscribe(pattern, start, wanted, listener)
                : client.subscribe(pattern, how, start, wanted, listener);
    }

    private int print(long most) throws InterruptedException {
        long left = most;
        try (OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 64 * 1024)) {
            while (left > 0) {
                Item item = items.poll();
                if (item == null) {
                    out.flush();
                    item = items.take();
                }
                switch (item) {
                    case Item.End(int code) -> {
                        return code;
                    }
                    case Item.Print(String line, var printed) -> {
                        out.write(line.getBytes(StandardCharsets.UTF_8));
                        out.write('\n');
                        left--;
                        if (printed != null) {
                            out.flush();
                            printed.complete(null);
                        }
                    }
                }
            }
        } catch (IOException e) {
            // Whoever read our output has heard enough.
        }
        return Main.OK;
    }

    private Start start() {
        if (beginning == null) {
            return Start.latest();
        }
        if (beginning.last != null) {
            if (beginning.last < 0) {
                throw new ParameterException(spec.commandLine(), "--last must be 0 or more, but is " + beginning.last);
            }
            return Start.last(beginning.last);
        }
        String from = beginning.from == null ? "latest" : beginning.from;
        return switch (from) {
            case "earliest" -> Start.earliest();
            case "latest" -> Start.latest();
            default -> at(from);
        };
    }

    private Start at(String time) {
        try {
            return Start.at(Instant.parse(time));
        } catch (DateTimeParseException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--from must be earliest, latest or a time such as 2026-01-31T12:00:00Z, but is " + time,
                    e);
        }
    }

    private boolean isPattern() {
        return pattern.indexOf('*') >= 0;
    }

    /// Called by the client's threads.
    private final class Listener implements SubscriptionListener, DeliveryListener {

        private final FanfareClient client;

        private Listener(FanfareClient client) {
            this.client = client;
        }

        @Override
        public void onEvent(Event event) {
            put(new Item.Print(line(event), null));
        }

        @Override
        public void onDelivery(Delivery delivery) {
            CompletableFuture<Void> printed = new CompletableFuture<>();
            put(new Item.Print(line(delivery.event()), printed));
            CompletableFuture.anyOf(printed, over).join();
        }

        private String line(Event event) {
            return json ? event.json() : isPattern() ? event.topic() + ": " + event.text() : event.text();
        }

        @Override
        public void onNotice(Notice notice) {
            if (notice instanceof Notice.TopicMissing && server.create()) {
                makeAgain();
                return;
            }
            Main.complain(spec, notice.toString());
            switch (notice) {
                case Notice.TopicDeleted _ -> put(new Item.End(Main.OK));
                case Notice.Ended _ -> put(new Item.End(Main.FAILED));
                case Notice.ConnectionLost _,
                        Notice.Reconnected _,
                        Notice.Resumed _,
                        Notice.MadeAnew _,
                        Notice.MessagesDropped _,
                        Notice.TopicMissing _ -> {}
            }
        }

        private void makeAgain() {
            try {
                if (client.createTopic(pattern)) {
                    Main.complain(spec, ServerOptions.madeAgain(pattern));
                }
            } catch (ClientException e) {
                Main.complain(spec, e.getMessage() + "; waiting for the topic");
            }
        }

        private void put(Item item) {
            try {
                items.put(item);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
