package dev.fanfare.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// The result of a load as one HTML file that needs nothing else: no script, no other address.
final class LoadReport {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 240;
    private static final int LEFT = 64;
    private static final int RIGHT = 12;
    private static final int TOP = 12;
    private static final int BOTTOM = 32;
    private static final int STEPS = 4;

    private static final String STYLE = """
            :root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--one:#0969da;\
            --two:#bc4c00;--good:#1a7f37;--warn:#9a6700;--bad:#cf222e}
            @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;\
            --one:#4493f8;--two:#f0883e;--good:#3fb950;--warn:#d29922;--bad:#f85149}}
            body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1340px;\
            margin:0 auto;padding:24px}
            h1{font-size:24px;margin:0}h2{font-size:16px;margin:0 0 4px}p{margin:4px 0}.soft{color:var(--soft)}
            .verdict{display:inline-block;font-weight:700;padding:2px 12px;border-radius:6px;color:var(--paper)}
            .PASS{background:var(--good)}.WARN{background:var(--warn)}.FAIL{background:var(--bad)}
            .grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:24px;margin-top:24px}
            section{border:1px solid var(--line);border-radius:8px;padding:16px;min-width:0}
            table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
            td,th{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line)}
            td:first-child,th:first-child{text-align:left}tr:last-child td{border-bottom:0}
            svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:12px system-ui,sans-serif}
            .rule{stroke:var(--line)}.plot{fill:none;stroke-width:2;stroke-linejoin:round}
            .one{stroke:var(--one)}.two{stroke:var(--two)}.key{display:inline-block;width:14px;height:3px;\
            vertical-align:middle;margin:0 6px 0 12px}.kone{background:var(--one)}.ktwo{background:var(--two)}
            """;

    private final LoadResult result;
    private final LoadResult.Bounds bounds;
    private final String server;

    private record Line(String name, ToDoubleFunction<LoadSecond> value) {}

    LoadReport(LoadResult result, LoadResult.Bounds bounds, String server) {
        this.result = result;
        this.bounds = bounds;
        this.server = server;
    }

    String html() {
        LoadResult.Level verdict = result.verdict(bounds);
        StringBuilder out = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append(
                        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Fanfare under load: ")
                .append(escaped(result.plan().name()))
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head><body><h1>Fanfare under load</h1><p class=\"soft\">")
                .append(escaped(result.plan().text()))
                .append("</p><p class=\"soft\">")
                .append(escaped(server))
                .append(", ")
                .append(Instant.now().truncatedTo(ChronoUnit.SECONDS))
                .append("</p><p><span class=\"verdict ")
                .append(verdict)
                .append("\">")
                .append(verdict)
                .append("</span> ")
                .append(verdict == LoadResult.Level.PASS ? "everything within its bounds" : "")
                .append("</p>");
        if (!result.findings(bounds).isEmpty()) {
            out.append("<ul>");
            result.findings(bounds)
                    .forEach(each -> out.append("<li>")
                            .append(each.level().name().toLowerCase(Locale.ROOT))
                            .append(": ")
                            .append(escaped(each.text()))
                            .append("</li>"));
            out.append("</ul>");
        }
        out.append("<div class=\"grid\">");
        figures(out);
        plot(
                out,
                "Messages per second",
                new Line("published", LoadSecond::published),
                new Line("delivered", LoadSecond::delivered));
        plot(out, "Latency, ms", new Line("p50", LoadSecond::p50), new Line("p99", LoadSecond::p99));
        distribution(out);
        plot(
                out,
                "Server: cores kept busy",
                new Line("CPU", each -> each.health().cpu()));
        plot(
                out,
                "Server: memory, MiB",
                new Line("memory", each -> each.health().memory() / (1 << 20)));
        plot(
                out,
                "Server: messages that wait for its slowest subscription",
                new Line("queue", each -> each.health().queue()));
        text(out);
        return out.append("</div></body></html>\n").toString();
    }

    private void figures(StringBuilder out) {
        LoadTally tally = result.tally();
        out.append("<section><h2>Figures</h2><table>");
        row(out, "Published", "%,d".formatted(tally.published.sum()), perSecond(tally.published.sum()));
        row(out, "Delivered", "%,d".formatted(tally.delivered.sum()), perSecond(tally.delivered.sum()));
        row(
                out,
                "Delivery rate",
                "%.3f %%".formatted(result.deliveredShare() * 100),
                "of %,d".formatted(tally.expected.sum()));
        row(out, "Dropped", "%,d".formatted(tally.dropped.sum()), "");
        row(out, "Errors", "%,d".formatted(result.errors()), "");
        row(out, "Reconnects", "%,d".formatted(tally.reconnects.sum()), "");
        out.append("</table><table><tr><th>Latency, ms</th><th>average</th><th>p50</th><th>p95</th><th>p99</th>")
                .append("<th>max</th></tr>");
        out.append("<tr><td></td>");
        for (double value : List.of(
                result.averageMillis(), result.millis(50), result.millis(95), result.millis(99), result.maxMillis())) {
            out.append("<td>").append("%.2f".formatted(value)).append("</td>");
        }
        out.append("</tr></table></section>");
    }

    private String perSecond(long count) {
        return "%,.0f per second".formatted(count / result.seconds());
    }

    private static void row(StringBuilder out, String name, String value, String more) {
        out.append("<tr><td>").append(name).append("</td><td>").append(value).append("</td><td>");
        out.append(more).append("</td></tr>");
    }

    /// What the command prints.
    private void text(StringBuilder out) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Bench.print(result, bounds, new PrintStream(printed, true, StandardCharsets.UTF_8));
        String plain = printed.toString(StandardCharsets.UTF_8).replaceAll("\u001b\\[[0-9;]*m", "");
        out.append("<section><h2>As printed</h2><pre style=\"overflow:auto\">")
                .append(escaped(plain))
                .append("</pre></section>");
    }

    private void plot(StringBuilder out, String title, Line... lines) {
        out.append("<section><h2>").append(title).append("</h2>");
        double top = 0;
        boolean told = false;
        for (Line line : lines) {
            for (LoadSecond each : result.course()) {
                double value = line.value.applyAsDouble(each);
                told |= !Double.isNaN(value);
                top = Math.max(top, Double.isNaN(value) ? 0 : value);
            }
        }
        if (!told) {
            out.append("<p class=\"soft\">The server did not tell.</p></section>");
            return;
        }
        top = roundedUp(top);
        int last = result.course().getLast().number();
        frame(out, top);
        for (int i = 0; i <= STEPS; i++) {
            double second = 1 + (last - 1) * i / (double) STEPS;
            if (i == 0 || last > 1) {
                label(out, x(i / (double) STEPS), figure(second) + " s", i == STEPS ? "end" : "middle");
            }
        }
        for (int i = 0; i < lines.length; i++) {
            StringBuilder points = new StringBuilder();
            for (LoadSecond each : result.course()) {
                double value = lines[i].value.applyAsDouble(each);
                if (!Double.isNaN(value)) {
                    point(points, last == 1 ? 0.5 : (each.number() - 1) / (double) (last - 1), value / top);
                }
            }
            polyline(out, points, i);
        }
        out.append("</svg>");
        if (lines.length > 1) {
            out.append("<p class=\"soft\">");
            for (int i = 0; i < lines.length; i++) {
                out.append("<span class=\"key ")
                        .append(i == 0 ? "kone" : "ktwo")
                        .append("\"></span>");
                out.append(lines[i].name);
            }
            out.append("</p>");
        }
        out.append("</section>");
    }

    /// The share of messages that took longer, on a scale of tenths: 90 %, 99 %, 99.9 %.
    private void distribution(StringBuilder out) {
        out.append("<section><h2>Latency by percentile, ms</h2>");
        double top = roundedUp(result.maxMillis());
        frame(out, top);
        int nines = 4;
        List<String> names = List.of("0 %", "90 %", "99 %", "99.9 %", "99.99 %");
        for (int i = 0; i <= nines; i++) {
            label(out, x(i / (double) nines), names.get(i), i == nines ? "end" : "middle");
        }
        StringBuilder points = new StringBuilder();
        int steps = 80;
        for (int i = 0; i <= steps; i++) {
            double share = i / (double) steps;
            double percentile = 100 * (1 - Math.pow(10, -share * nines));
            point(points, share, result.millis(percentile) / top);
        }
        polyline(out, points, 0);
        out.append("</svg></section>");
    }

    private static void frame(StringBuilder out, double top) {
        out.append("<svg viewBox=\"0 0 ")
                .append(WIDTH)
                .append(' ')
                .append(HEIGHT)
                .append("\" role=\"img\">");
        for (int i = 0; i <= STEPS; i++) {
            double share = i / (double) STEPS;
            double y = y(share);
            out.append("<line class=\"rule\" x1=\"")
                    .append(LEFT)
                    .append("\" x2=\"")
                    .append(WIDTH - RIGHT);
            out.append("\" y1=\"")
                    .append(figure(y))
                    .append("\" y2=\"")
                    .append(figure(y))
                    .append("\"/>");
            out.append("<text text-anchor=\"end\" x=\"").append(LEFT - 8).append("\" y=\"");
            out.append(figure(y + 4)).append("\">").append(axis(top * share)).append("</text>");
        }
    }

    private static void label(StringBuilder out, double x, String text, String anchor) {
        out.append("<text text-anchor=\"").append(anchor).append("\" x=\"").append(figure(x));
        out.append("\" y=\"").append(HEIGHT - 10).append("\">").append(text).append("</text>");
    }

    private static void point(StringBuilder points, double x, double y) {
        points.append(figure(x(x)))
                .append(',')
                .append(figure(y(Math.min(1, y))))
                .append(' ');
    }

    private static void polyline(StringBuilder out, StringBuilder points, int number) {
        out.append("<polyline class=\"plot ")
                .append(number == 0 ? "one" : "two")
                .append("\" points=\"");
        out.append(points.toString().strip()).append("\"/>");
    }

    private static double x(double share) {
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double share) {
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    /// The next of 1, 2, 4, 5, 8, 10 and their tenfolds, so that the steps of a scale are round.
    private static double roundedUp(double value) {
        if (value <= 0) {
            return 1;
        }
        double unit = Math.pow(10, Math.floor(Math.log10(value)));
        for (double step : new double[] {1, 2, 4, 5, 8}) {
            if (value <= step * unit) {
                return step * unit;
            }
        }
        return 10 * unit;
    }

    private static String axis(double value) {
        return value == Math.rint(value) ? "%,.0f".formatted(value) : String.format(Locale.ROOT, "%.3g", value);
    }

    private static String figure(double value) {
        String text = String.format(Locale.ROOT, "%.1f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
