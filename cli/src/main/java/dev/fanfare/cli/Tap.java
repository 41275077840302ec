package dev.fanfare.cli;

import dev.fanfare.client.ClientException;
import dev.fanfare.client.Event;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import dev.fanfare.client.Selection;
import dev.fanfare.client.Start;
import dev.fanfare.client.SubscriptionListener;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare tap`: what is published, as it is published, for people who look on.
///
/// The client's thread never waits for the one that prints: what is too much for the terminal is left out and counted,
/// so that a tap whose output stands still holds nobody up.
@Command(
        name = "tap",
        description = {
            "Shows what is published to the topics that match a pattern, as it is published, one line each: time, topic,"
                    + " offset, id, type and key, payload.",
            "",
            "It disturbs nobody: it acknowledges nothing, belongs to no group, and leaves out what the terminal can't"
                    + " keep up with, which it says. Lines are cut at the terminal's width, not in a pipe. NO_COLOR=1 for"
                    + " no colours."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Tap implements Callable<Integer> {

    private static final int QUEUE_MAX = 4_096;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private sealed interface Item {
        record Print(Event event) implements Item {}

        record End(int code) implements Item {}
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Mixin
    private final Remote remote = new Remote();

    @Parameters(
            paramLabel = "PATTERN",
            defaultValue = "**",
            description =
                    "A topic, or a pattern: * is one segment, ** any number. Default: ${DEFAULT-VALUE}, every topic.")
    private String pattern = "";

    @Option(
            names = "--filter",
            paramLabel = "EXPR",
            description = "Only messages for which this is true, as of sub: \"message.payload.amount > 100\".")
    private @Nullable String filter;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "Only messages of this type; given several times, of any of these.")
    private List<String> types = List.of();

    @Option(
            names = "--last",
            paramLabel = "N",
            defaultValue = "0",
            description = "Begin with the newest N messages that are kept.")
    private int last;

    @Option(names = "--count", paramLabel = "N", description = "End after N messages.")
    private @Nullable Long count;

    @Option(names = "--no-payload", description = "Leave the payloads out.")
    private boolean noPayload;

    @Option(names = "--json", description = "Each message whole, as a line of JSON.")
    private boolean json;

    private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final AtomicLong leftOut = new AtomicLong();

    @Override
    public Integer call() throws InterruptedException {
        long left = count == null ? Long.MAX_VALUE : count;
        if (left < 1 || last < 0) {
            throw new ParameterException(spec.commandLine(), "--count must be 1 or more, --last 0 or more");
        }
        try (FanfareClient client = remote.open(notice -> {})) {
            Start start = last == 0 ? Start.latest() : Start.last(last);
            var _ = client.subscribe(pattern, start, new Selection(filter, types), new Listener());
            return print(left);
        } catch (ClientException e) {
            Main.complain(spec, String.valueOf(e.getMessage()));
            return e.code().equals("BAD_REQUEST") ? Main.WRONG_USE : Main.FAILED;
        }
    }

    private int print(long most) throws InterruptedException {
        boolean coloured = Terminal.coloured();
        boolean seen = Terminal.isThere();
        int width = Terminal.width();
        long left = most;
        try (OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 64 * 1024)) {
            while (left > 0) {
                Item item = items.poll();
                if (item == null) {
                    out.flush();
                    tellLeftOut();
                    item = items.take();
                    // It may have been made wider meanwhile.
                    width = seen ? Terminal.width() : 0;
                }
                switch (item) {
                    case Item.End(int code) -> {
                        return code;
                    }
                    case Item.Print(Event event) -> {
                        out.write(
                                (json ? event.json() : line(event, coloured, width)).getBytes(StandardCharsets.UTF_8));
                        out.write('\n');
                        left--;
                    }
                }
            }
        } catch (IOException e) {
            // Whoever read our output has seen enough.
        }
        return Main.OK;
    }

    private void tellLeftOut() {
        long missing = leftOut.getAndSet(0);
        if (missing > 0) {
            Main.complain(spec, missing + " messages were left out: the output did not keep up");
        }
    }

    private String line(Event event, boolean coloured, int width) {
        String time = TIME.format(event.timestamp());
        String topic = Terminal.harmless(event.topic());
        String place = "@" + event.position().offset() + " " + event.id();
        String about =
                (event.type() == null ? "" : " " + event.type()) + (event.key() == null ? "" : " key=" + event.key());
        String shown = Terminal.harmless(about);
        String payload = noPayload ? "" : " " + Terminal.harmless(event.text());
        if (width > 0) {
            int used = time.length() + topic.length() + place.length() + shown.length() + 2;
            payload = used < width ? Table.cut(payload, width - used) : "";
        }
        return Terminal.paint(coloured, "2", time)
                + " "
                + Terminal.paint(coloured, "1;36", topic)
                + " "
                + Terminal.paint(coloured, "2", place)
                + Terminal.paint(coloured, "33", shown)
                + payload;
    }

    /// Called by the client's threads.
    private final class Listener implements SubscriptionListener {

        @Override
        public void onEvent(Event event) {
            if (!items.offer(new Item.Print(event))) {
                leftOut.incrementAndGet();
            }
        }

        @Override
        public void onNotice(Notice notice) {
            Main.complain(spec, notice.toString());
            switch (notice) {
                case Notice.TopicDeleted _ -> end(Main.OK);
                case Notice.Ended _ -> end(Main.FAILED);
                case Notice.ConnectionLost _,
                        Notice.Reconnected _,
                        Notice.Resumed _,
                        Notice.MadeAnew _,
                        Notice.MessagesDropped _,
                        Notice.TopicMissing _ -> {}
            }
        }

        private void end(int code) {
            try {
                items.put(new Item.End(code));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
