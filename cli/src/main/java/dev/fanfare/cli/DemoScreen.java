package dev.fanfare.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/// What the demo prints: at most 80 columns, ASCII, with colours if wanted. One thread.
final class DemoScreen {

    static final int COLUMNS = 80;

    private static final String BOLD = "1";
    private static final String DIM = "2";
    private static final String GREEN = "32";
    private static final String YELLOW = "33";
    private static final String RED = "31";
    private static final String CYAN = "36";
    private static final String ROW = "  %-16s %9s %9s %7s %7s %7s %5s  %s";
    private static final int LINE_PAUSE_MILLIS = 30;
    private static final int SCENE_PAUSE_MILLIS = 200;

    private final PrintStream out;
    private final boolean coloured;
    private final boolean fast;

    DemoScreen(PrintStream out, boolean coloured, boolean fast) {
        this.out = out;
        this.coloured = coloured;
        this.fast = fast;
    }

    void title(String text) throws InterruptedException {
        line(text, BOLD, "", 0);
        pause(SCENE_PAUSE_MILLIS);
    }

    void scene(int number, String text) throws InterruptedException {
        out.println();
        line(number + "  " + text, BOLD, CYAN, 0);
        pause(SCENE_PAUSE_MILLIS);
    }

    /// What the demo does, as a program would say it.
    void code(String text) throws InterruptedException {
        line("> " + text, "", "", 3);
        pause(LINE_PAUSE_MILLIS);
    }

    /// What the broker tells.
    void event(String name, String about) throws InterruptedException {
        String colour = switch (name) {
            case "delivered" -> GREEN;
            case "failed", "dead_letter" -> RED;
            case "retry_scheduled", "backpressure", "messages_dropped" -> YELLOW;
            default -> DIM;
        };
        String text = cut("      %-17s %s".formatted(name, about));
        int end = Math.min(text.length(), 6 + name.length());
        out.println(text.substring(0, 6) + paint(text.substring(6, end), colour) + text.substring(end));
        pause(LINE_PAUSE_MILLIS);
    }

    /// What is to be noticed.
    void note(String text) throws InterruptedException {
        line(text, CYAN, "", 3);
        pause(SCENE_PAUSE_MILLIS);
    }

    /// The broker's counters, and whether they add up.
    void table(List<DemoFigures> rows) {
        out.println();
        line("What the broker counted", BOLD, "", 0);
        out.println();
        line(ROW.formatted("topic", "published", "delivered", "failed", "retried", "dropped", "dead", ""), DIM, "", 0);
        for (DemoFigures row : rows) {
            String figures = ROW.formatted(
                    row.topic(),
                    row.published(),
                    row.delivered(),
                    row.failed(),
                    row.retried(),
                    row.dropped(),
                    row.dead(),
                    "");
            out.println(figures + (row.addsUp() ? paint("ok", GREEN) : paint("WRONG", RED)));
        }
        String sums = ROW.formatted(
                "all",
                sum(rows, DemoFigures::published),
                sum(rows, DemoFigures::delivered),
                sum(rows, DemoFigures::failed),
                sum(rows, DemoFigures::retried),
                sum(rows, DemoFigures::dropped),
                sum(rows, DemoFigures::dead),
                "");
        line(sums.stripTrailing(), BOLD, "", 0);
        out.println();
        long checks = rows.stream().mapToLong(row -> row.checks().size()).sum();
        long wrong = rows.stream().mapToLong(row -> row.complaints().size()).sum();
        line(
                wrong == 0
                        ? checks + " checks: everything adds up."
                        : wrong + " of " + checks + " checks: it does NOT add up.",
                BOLD,
                wrong == 0 ? GREEN : RED,
                0);
        line("Go on with docs/START_HERE.md, or ./fanfare example QuickStart", "", "", 0);
        out.flush();
    }

    private static long sum(List<DemoFigures> rows, ToLongFunction<DemoFigures> figure) {
        return rows.stream().mapToLong(figure).sum();
    }

    private void line(String text, String style, String colour, int indent) {
        out.println(" ".repeat(indent) + paint(paint(cut(text, COLUMNS - indent), colour), style));
        out.flush();
    }

    private static String cut(String text) {
        return cut(text, COLUMNS);
    }

    private static String cut(String text, int columns) {
        return text.length() <= columns ? text : text.substring(0, columns - 3) + "...";
    }

    private String paint(String text, String style) {
        return coloured && !style.isEmpty() ? "\u001b[" + style + "m" + text + "\u001b[0m" : text;
    }

    /// Time to read.
    private void pause(int millis) throws InterruptedException {
        out.flush();
        if (!fast) {
            TimeUnit.MILLISECONDS.sleep(millis);
        }
    }
}
