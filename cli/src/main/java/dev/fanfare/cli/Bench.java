package dev.fanfare.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare bench`: puts a load on a running server and says how it bears it.
@Command(
        name = "bench",
        description = {
            "Puts a load on a running server over real connections, and says how it bears it. Topics of its own"
                    + " (bench.…) are made and deleted again.",
            "",
            "Scenarios, each of 200-byte messages; options change any part of them:",
            "  light    5 topics, 10 publishers, 20 subscribers, 500 messages/s, 10 s",
            "  medium   10 topics, 20 publishers, 50 subscribers, 2,000 messages/s, 20 s",
            "  heavy    20 topics, 50 publishers, 100 subscribers, 10,000 messages/s, 30 s",
            "  extreme  50 topics, 100 publishers, 200 subscribers, as fast as it goes, 30 s",
            "  custom   like light, to be changed by options",
            "",
            "Latency is from when a message was due to be published until a subscriber has it. The verdict is FAIL (exit"
                    + " code 1) when fewer messages came than --min-delivered or more publishes failed than"
                    + " --max-errors say; WARN when anything was lost or refused, a connection broke, p99 was above"
                    + " --max-p99, or the load could not be made as asked for; else PASS."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Bench implements Callable<Integer> {

    private static final int CLIENTS_MAX = 20_000;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Mixin
    private final Remote remote = new Remote();

    @Parameters(
            paramLabel = "SCENARIO",
            arity = "0..1",
            defaultValue = "light",
            description = "light (the default), medium, heavy, extreme or custom.")
    private String scenario = "";

    @Option(names = "--topics", paramLabel = "N", description = "Topics.")
    private @Nullable Integer topics;

    @Option(names = "--publishers", paramLabel = "N", description = "Connections that publish.")
    private @Nullable Integer publishers;

    @Option(names = "--subscribers", paramLabel = "N", description = "Connections that subscribe.")
    private @Nullable Integer subscribers;

    @Option(names = "--rate", paramLabel = "N", description = "Messages per second, of all publishers together.")
    private @Nullable Integer rate;

    @Option(names = "--max", description = "As many messages as the server takes, instead of a rate.")
    private boolean max;

    @Option(names = "--size", paramLabel = "BYTES", description = "Of a message's payload, 17 at least.")
    private @Nullable Integer size;

    @Option(names = "--seconds", paramLabel = "N", description = "How long is measured.")
    private @Nullable Integer seconds;

    @Option(names = "--warm-up", paramLabel = "SECONDS", description = "How long before that nothing counts.")
    private @Nullable Integer warmUp;

    @Option(names = "--acked", description = "Subscribers acknowledge each message (at least once).")
    private boolean acked;

    @Option(
            names = "--min-delivered",
            paramLabel = "PERCENT",
            defaultValue = "95",
            description = "Of messages; fewer are a FAIL. Default: ${DEFAULT-VALUE}.")
    private double minDelivered;

    @Option(
            names = "--max-errors",
            paramLabel = "PERCENT",
            defaultValue = "1",
            description = "Of publishes; more are a FAIL. Default: ${DEFAULT-VALUE}.")
    private double maxErrors;

    @Option(
            names = "--max-p99",
            paramLabel = "MS",
            defaultValue = "100",
            description = "Of the latency; more is a WARN. Looks only at loads with a rate. Default: ${DEFAULT-VALUE}.")
    private double maxP99;

    @Option(
            names = "--server-pid",
            paramLabel = "PID",
            description = "The server's process, when it is on this machine: its CPU and memory are read from /proc.")
    private @Nullable Long serverPid;

    @Option(names = "--report", paramLabel = "FILE", description = "Writes a report with plots, as HTML, too.")
    private @Nullable Path report;

    @Option(names = "--json", description = "The result as JSON in one line.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException, IOException {
        LoadPlan plan = plan();
        Path file = report;
        if (file != null && !writable(file)) {
            throw new ParameterException(spec.commandLine(), "--report: " + file + " can't be written");
        }
        LoadHealth health = new LoadHealth(remote, serverPid);
        if (!json) {
            System.out.println(plan.text());
        }
        boolean shown = Terminal.isThere();
        LoadResult result = new LoadRun(plan, remote, health, second -> {
                    if (shown) {
                        System.err.print("\r" + progress(second) + "\u001b[K");
                    }
                })
                .run();
        if (shown) {
            System.err.print("\r\u001b[K");
        }
        LoadResult.Bounds bounds = new LoadResult.Bounds(minDelivered / 100, 0.99999, maxErrors / 100, maxP99);
        if (json) {
            System.out.println(Remote.json(result.json(bounds)));
        } else {
            print(result, bounds, System.out);
        }
        if (file != null) {
            Files.writeString(file, new LoadReport(result, bounds, remote.address()).html());
            if (!json) {
                System.out.println("The report is in " + file);
            }
        }
        return result.verdict(bounds) == LoadResult.Level.FAIL ? Main.FAILED : Main.OK;
    }

    private static boolean writable(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return !Files.isDirectory(file) && folder != null && Files.isWritable(Files.exists(file) ? file : folder);
    }

    private LoadPlan plan() {
        LoadPlan known = LoadPlan.named(scenario)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "SCENARIO must be light, medium, heavy, extreme or custom, not '" + scenario + "'"));
        if (max && rate != null) {
            throw new ParameterException(spec.commandLine(), "--max and --rate exclude each other");
        }
        return new LoadPlan(
                known.name(),
                within("--topics", topics, known.topics(), 1, CLIENTS_MAX),
                within("--publishers", publishers, known.publishers(), 1, CLIENTS_MAX),
                within("--subscribers", subscribers, known.subscribers(), 1, CLIENTS_MAX),
                max ? 0 : within("--rate", rate, known.rate(), known.rate() == 0 && rate == null ? 0 : 1, 10_000_000),
                within("--size", size, known.size(), LoadPublisher.DIGITS + 1, 16 << 20),
                within("--seconds", seconds, known.seconds(), 1, 86_400),
                within("--warm-up", warmUp, known.warmUp(), 0, 3_600),
                acked);
    }

    private int within(String option, @Nullable Integer given, int otherwise, int least, int most) {
        int value = given == null ? otherwise : given;
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " must be " + least + " to " + most + ", but is " + value);
        }
        return value;
    }

    private static String progress(LoadSecond second) {
        int width = 20;
        int filled = width * second.number() / second.of();
        String bar = "[" + "#".repeat(filled) + ".".repeat(width - filled) + "] " + second.number() + "/" + second.of()
                + " s ";
        return second.warmUp()
                ? bar + "warming up"
                : bar
                        + "%,.0f published/s, %,.0f delivered/s, p99 %.1f ms%s"
                                .formatted(
                                        second.published(),
                                        second.delivered(),
                                        second.p99(),
                                        Double.isNaN(second.health().cpu())
                                                ? ""
                                                : ", server CPU %.1f"
                                                        .formatted(
                                                                second.health().cpu()));
    }

    static void print(LoadResult result, LoadResult.Bounds bounds, PrintStream out) {
        LoadTally tally = result.tally();
        out.println();
        Table counts =
                new Table().text("").number("MESSAGES").number("PER SECOND").text("");
        counts.row(
                "published",
                "%,d".formatted(tally.published.sum()),
                "%,.0f".formatted(tally.published.sum() / result.seconds()),
                "acknowledged by the server");
        counts.row(
                "delivered",
                "%,d".formatted(tally.delivered.sum()),
                "%,.0f".formatted(tally.delivered.sum() / result.seconds()),
                "%.3f %% of %,d".formatted(result.deliveredShare() * 100, tally.expected.sum()));
        counts.row("dropped", "%,d".formatted(tally.dropped.sum()), "", "");
        counts.row(
                "errors",
                "%,d".formatted(result.errors()),
                "",
                tally.errors().isEmpty() ? "" : tally.errors().toString());
        counts.row("reconnects", "%,d".formatted(tally.reconnects.sum()), "", "");
        counts.lines(0).forEach(out::println);
        out.println();
        Table latency = new Table()
                .text("LATENCY")
                .number("AVERAGE")
                .number("P50")
                .number("P95")
                .number("P99")
                .number("MAX");
        latency.row(
                "ms",
                "%.2f".formatted(result.averageMillis()),
                "%.2f".formatted(result.millis(50)),
                "%.2f".formatted(result.millis(95)),
                "%.2f".formatted(result.millis(99)),
                "%.2f".formatted(result.maxMillis()));
        latency.lines(0).forEach(out::println);
        out.println();
        Table server = new Table().text("SERVER").number("AVERAGE").number("MAX");
        server.row(
                "CPU, cores",
                figure("%.2f", result.average(LoadHealth.Reading::cpu)),
                figure("%.2f", result.most(LoadHealth.Reading::cpu)));
        server.row(
                "memory, MiB",
                figure("%.0f", result.average(LoadHealth.Reading::memory) / (1 << 20)),
                figure("%.0f", result.most(LoadHealth.Reading::memory) / (1 << 20)));
        server.row(
                "queue, messages",
                figure("%,.0f", result.average(LoadHealth.Reading::queue)),
                figure("%,.0f", result.most(LoadHealth.Reading::queue)));
        server.lines(0).forEach(out::println);
        if (result.silence() != null) {
            out.println("- can't be told: " + result.silence());
        }
        out.println();
        LoadResult.Level verdict = result.verdict(bounds);
        String style = switch (verdict) {
            case PASS -> "1;32";
            case WARN -> "1;33";
            case FAIL -> "1;31";
        };
        out.println(Terminal.paint(Terminal.coloured(), style, verdict.name())
                + (verdict == LoadResult.Level.PASS ? "  everything within its bounds" : ""));
        result.findings(bounds)
                .forEach(each -> out.println("  " + each.level().name().toLowerCase(Locale.ROOT) + ": " + each.text()));
    }

    static String figure(String format, double value) {
        return Double.isNaN(value) ? "-" : format.formatted(value);
    }
}
