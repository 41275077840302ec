package dev.fanfare.cli;

import dev.fanfare.Broker;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `fanfare demo`: plays what a broker does, with the broker's own events as they happen, and a table of its own
/// counters at the end, which have to add up.
@Command(
        name = "demo",
        description = {
            "Plays what Fanfare does, in five scenes and a few seconds, with a broker inside this process: publish and"
                    + " subscribe, failure and retry, broadcast, a swap of the delivery strategy, back pressure and"
                    + " dead letters.",
            "",
            "What it prints are the broker's own events as they happen. At the end it shows the broker's own counters"
                    + " and checks them: the exit code is 1 if they do not add up. Colours only on a terminal, and not"
                    + " if NO_COLOR is set."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Demo implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Option(names = "--fast", description = "Without the pauses for reading, and with short delays between attempts.")
    private boolean fast;

    @Override
    public Integer call() throws InterruptedException {
        DemoScreen screen = new DemoScreen(System.out, Ansi.AUTO.enabled(), fast);
        try (Broker broker = Broker.open();
                DemoEvents events = new DemoEvents(broker, screen)) {
            List<DemoFigures> figures = new DemoScenes(broker, events, screen, fast).play();
            screen.table(figures);
            List<String> wrong =
                    figures.stream().flatMap(row -> row.complaints().stream()).toList();
            wrong.forEach(complaint -> Main.complain(spec, complaint));
            return wrong.isEmpty() ? Main.OK : Main.FAILED;
        }
    }
}
