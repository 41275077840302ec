package dev.fanfare.cli;

import java.io.IOException;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/// `fanfare top`: the busiest topics, every second.
@Command(
        name = "top",
        description = {
            "Shows the busiest topics of a server, anew every second, until q or Ctrl-C. In a pipe it prints a table each"
                    + " time, with --json an object in one line.",
            "",
            "Of a server with more than 1,000 topics it looks at the 1,000 that have most of what --sort names, since"
                    + " they were made; --prefix chooses among them. LAG is what waits for the slowest subscription.",
            "",
            "When the server is gone it says so and goes on trying. What covers the whole server needs the right to"
                    + " observe."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Top implements Callable<Integer> {

    private static final int TOPICS_MAX = 1_000;
    private static final int PRINTED_MAX = 20;
    private static final int CTRL_C = 3;
    private static final String SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String NO_SCREEN = "\u001b[?25h\u001b[?1049l";

    /// By what rows are sorted, and what the server is asked for.
    private enum Order {
        rate("published"),
        deliveries("delivered"),
        lag("queue_depth"),
        drops("dropped"),
        subscribers("subscribers"),
        name("name");

        private final String asked;

        Order(String asked) {
            this.asked = asked;
        }
    }

    @Mixin
    private final Remote remote = new Remote();

    @Option(
            names = "--sort",
            paramLabel = "WHAT",
            defaultValue = "rate",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, messages published per second.")
    private Order order = Order.rate;

    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only topics whose names begin with it.")
    private String prefix = "";

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "How often. Default: ${DEFAULT-VALUE}.")
    private int interval;

    @Option(names = "--once", description = "Print once, after one interval, and end. Exit code 1 without a server.")
    private boolean once;

    @Option(names = "--json", description = "An object per time, in one line.")
    private boolean json;

    private Map<String, Row> before = Map.of();
    private long beforeNanos;
    private boolean observes = true;

    /// A topic. Rates are per second.
    private record Row(
            String topic,
            double published,
            double delivered,
            long subscribers,
            long lag,
            long dropped,
            long messages,
            long deliveries) {

        double by(Order order) {
            return switch (order) {
                case rate -> published;
                case deliveries -> delivered;
                case lag -> lag;
                case drops -> dropped;
                case subscribers -> subscribers;
                case name -> 0;
            };
        }
    }

    /// What was found at a time.
    private record View(List<Row> rows, @Nullable JsonNode server) {}

    @Override
    public Integer call() throws InterruptedException {
        interval = Math.clamp(interval, 1, 3_600);
        read();
        boolean screen = Terminal.isThere() && !json && !once;
        if (!screen) {
            return follow();
        }
        String saved = Terminal.stty("-g").strip();
        Thread restoring = new Thread(() -> {
            Terminal.stty(saved);
            System.out.print(NO_SCREEN);
            System.out.flush();
        });
        Runtime.getRuntime().addShutdownHook(restoring);
        // Ctrl-C comes as a key, so that it is an end like any other.
        Terminal.stty("-icanon", "-echo", "-isig", "min", "1");
        System.out.print(SCREEN);
        Thread.ofPlatform().daemon().name("keys").start(Top::awaitQuit);
        return show();
    }

    /// Ends the command at the key for it.
    private static void awaitQuit() {
        try {
            int key = System.in.read();
            while (key >= 0 && key != 'q' && key != 'Q' && key != CTRL_C) {
                key = System.in.read();
            }
        } catch (IOException e) {
            // Then only a signal ends it.
            return;
        }
        System.exit(Main.OK);
    }

    private int follow() throws InterruptedException {
        while (true) {
            TimeUnit.SECONDS.sleep(interval);
            try {
                View view = read();
                if (json) {
                    System.out.println(Remote.json(object(view)));
                } else {
                    System.out.println(head(view));
                    table(view.rows, PRINTED_MAX, Terminal.width()).forEach(System.out::println);
                    System.out.println(once ? "" : "\n");
                }
            } catch (Remote.Refused e) {
                if (once || !e.unreachable()) {
                    throw e;
                }
                System.err.println("fanfare top: " + e.getMessage() + " Trying again.");
            }
            if (once || System.out.checkError()) {
                return Main.OK;
            }
        }
    }

    private int show() throws InterruptedException {
        boolean coloured = Terminal.coloured();
        View view = new View(List.of(), null);
        String gone = "";
        while (true) {
            Terminal.Size size = Terminal.size();
            List<String> lines = new ArrayList<>();
            lines.add(Terminal.paint(coloured, "1", Table.cut("fanfare top  " + remote.address(), size.columns())));
            lines.add(
                    gone.isEmpty()
                            ? Table.cut(head(view), size.columns())
                            : Terminal.paint(coloured, "1;31", Table.cut(gone, size.columns())));
            lines.add("");
            List<String> table = table(view.rows, size.rows() - 6, size.columns());
            lines.add(Terminal.paint(coloured, "7", pad(table.getFirst(), size.columns())));
            lines.addAll(table.subList(1, table.size()));
            if (view.rows.isEmpty() && gone.isEmpty()) {
                lines.add("No topics yet: ./fanfare topics create NAME makes one.");
            }
            draw(lines, size, coloured);
            TimeUnit.SECONDS.sleep(interval);
            try {
                view = read();
                gone = "";
            } catch (Remote.Refused e) {
                if (!e.unreachable() && e.status() != 503) {
                    throw e;
                }
                gone = gone.isEmpty()
                        ? "The server is gone since "
                                + LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)
                                + ", trying again. Below is what it said last."
                        : gone;
            }
        }
    }

    private void draw(List<String> lines, Terminal.Size size, boolean coloured) {
        StringBuilder out = new StringBuilder("\u001b[H");
        int most = Math.max(1, size.rows() - 1);
        for (int i = 0; i < Math.min(lines.size(), most); i++) {
            out.append(lines.get(i)).append("\u001b[K\n");
        }
        out.append("\u001b[J");
        out.append("\u001b[").append(size.rows()).append(";1H");
        out.append(Terminal.paint(coloured, "2", Table.cut("q quits; sorted by " + order, size.columns())));
        System.out.print(out);
        System.out.flush();
    }

    private static String pad(String text, int columns) {
        int space = columns - text.codePointCount(0, text.length());
        return space > 0 ? text + " ".repeat(space) : text;
    }

    private View read() throws InterruptedException {
        JsonNode topics = remote.get("/topics?figures=true&order=" + order.asked + "&limit=" + TOPICS_MAX + "&prefix="
                        + Remote.encoded(prefix))
                .path("topics");
        long now = System.nanoTime();
        double seconds = (now - beforeNanos) / 1e9;
        Map<String, Row> found = new HashMap<>();
        for (JsonNode topic : topics) {
            String name = topic.path("name").asString();
            long messages = topic.path("messages").asLong();
            long deliveries = topic.path("delivered").asLong();
            Row last = before.get(name);
            // One that was made anew begins again from 0.
            boolean known = last != null && last.messages <= messages && last.deliveries <= deliveries;
            found.put(
                    name,
                    new Row(
                            name,
                            known && last != null ? (messages - last.messages) / seconds : 0,
                            known && last != null ? (deliveries - last.deliveries) / seconds : 0,
                            topic.path("subscribers").asLong(),
                            topic.path("queue_depth").asLong(),
                            topic.path("dropped").asLong(),
                            messages,
                            deliveries));
        }
        before = found;
        beforeNanos = now;
        List<Row> rows = new ArrayList<>(found.values());
        rows.sort(Comparator.comparingDouble((Row row) -> -row.by(order))
                .thenComparingLong(row -> order == Order.name ? 0L : -row.messages)
                .thenComparing(Row::topic));
        return new View(rows, server());
    }

    private @Nullable JsonNode server() throws InterruptedException {
        if (!observes) {
            return null;
        }
        try {
            return remote.get("/figures");
        } catch (Remote.Refused e) {
            if (e.status() != 403) {
                throw e;
            }
            observes = false;
            return null;
        }
    }

    private static String head(View view) {
        double published = view.rows.stream().mapToDouble(Row::published).sum();
        double delivered = view.rows.stream().mapToDouble(Row::delivered).sum();
        JsonNode server = view.server;
        String rates = "%,.0f published/s, %,.0f delivered/s".formatted(published, delivered);
        if (server == null) {
            return rates;
        }
        return "up %s, %,d topics, %,d subscribers, %,d connections, %s, %,d dropped"
                .formatted(
                        up(server.path("uptime_sec").asLong()),
                        server.path("topics").asLong(),
                        server.path("subscribers").asLong(),
                        server.path("connections").asLong(),
                        rates,
                        server.path("dropped").asLong());
    }

    private static String up(long seconds) {
        return seconds < 86_400
                ? "%d:%02d:%02d".formatted(seconds / 3_600, seconds / 60 % 60, seconds % 60)
                : "%d d %d:%02d".formatted(seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    }

    private static List<String> table(List<Row> rows, int most, int width) {
        Table table = new Table()
                .text("TOPIC")
                .number("PUBLISHED/S")
                .number("DELIVERED/S")
                .number("SUBSCRIBERS")
                .number("LAG")
                .number("DROPPED")
                .number("MESSAGES");
        for (Row row : rows.subList(0, Math.clamp(most, 0, rows.size()))) {
            table.row(
                    Terminal.harmless(row.topic),
                    "%,.0f".formatted(row.published),
                    "%,.0f".formatted(row.delivered),
                    "%,d".formatted(row.subscribers),
                    "%,d".formatted(row.lag),
                    "%,d".formatted(row.dropped),
                    "%,d".formatted(row.messages));
        }
        return table.lines(width);
    }

    private static Map<String, @Nullable Object> object(View view) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        JsonNode server = view.server;
        if (server != null) {
            for (String name : List.of(
                    "uptime_sec", "topics", "subscribers", "connections", "published", "delivered", "dropped")) {
                object.put(name, server.path(name).asLong());
            }
        }
        object.put(
                "busiest",
                view.rows.stream()
                        .map(row -> {
                            Map<String, Object> each = new LinkedHashMap<>();
                            each.put("topic", row.topic);
                            each.put("published_per_sec", row.published);
                            each.put("delivered_per_sec", row.delivered);
                            each.put("subscribers", row.subscribers);
                            each.put("lag", row.lag);
                            each.put("dropped", row.dropped);
                            each.put("messages", row.messages);
                            return each;
                        })
                        .toList());
        return object;
    }
}
