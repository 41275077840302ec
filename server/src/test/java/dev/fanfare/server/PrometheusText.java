package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A page of figures in Prometheus' text format, read strictly: what a scraper would refuse or a linter complain of
/// fails the test.
public final class PrometheusText {

    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern HEAD = Pattern.compile("# (HELP|TYPE) (\\S+) (.+)", Pattern.DOTALL);
    private static final Pattern SAMPLE = Pattern.compile("([^ {]+)(\\{.*})? (\\S+)", Pattern.DOTALL);
    private static final Set<String> TYPES = Set.of("counter", "gauge", "summary");

    /// Units that stand in the way of adding figures up.
    private static final Pattern WRONG_UNIT = Pattern.compile(
            ".*_(ms|us|ns|millis|milliseconds|micros|nanos|nanoseconds|minutes|hours|kb|mb|kib|mib|kilobytes|percent)(_.*)?");

    /// Figures with the same name.
    ///
    /// @param samples by name and labels; the values
    public record Family(String name, String type, String help, Map<Series, Double> samples) {

        /// The names of all labels.
        public Set<String> labels() {
            Set<String> all = new TreeSet<>();
            samples.keySet().forEach(series -> all.addAll(series.labels().keySet()));
            return all;
        }
    }

    /// What a value belongs to.
    public record Series(String name, Map<String, String> labels) {}

    private final Map<String, Family> families = new LinkedHashMap<>();

    private PrometheusText() {}

    /// Reads a page; fails where it breaks a rule.
    public static PrometheusText read(String page) {
        PrometheusText read = new PrometheusText();
        assertThat(page).endsWith("\n").doesNotContain("\r");
        Map<String, String> helps = new HashMap<>();
        Set<String> closed = new HashSet<>();
        Family current = null;
        for (String line : page.substring(0, page.length() - 1).split("\n", -1)) {
            if (line.startsWith("#")) {
                Matcher head = HEAD.matcher(line);
                assertThat(head.matches())
                        .as("a comment that is neither: %s", line)
                        .isTrue();
                String name = head.group(2);
                if (head.group(1).equals("HELP")) {
                    assertThat(helps.put(name, unescaped(head.group(3), "\\n")))
                            .as("HELP twice: %s", name)
                            .isNull();
                } else {
                    assertThat(TYPES).as(line).contains(head.group(3));
                    assertThat(helps)
                            .as("TYPE before HELP, or without: %s", name)
                            .containsKey(name);
                    if (current != null) {
                        closed.add(current.name());
                    }
                    current = new Family(name, head.group(3), String.valueOf(helps.get(name)), new LinkedHashMap<>());
                    assertThat(read.families.put(name, current))
                            .as("TYPE twice: %s", name)
                            .isNull();
                }
            } else {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as("no sample: %s", line).isTrue();
                assertThat(current).as("a sample before any TYPE: %s", line).isNotNull();
                if (current != null) {
                    add(current, sample);
                }
            }
        }
        read.families.values().forEach(PrometheusText::check);
        assertThat(closed).doesNotHaveDuplicates();
        assertThat(helps.keySet()).isEqualTo(read.families.keySet());
        return read;
    }

    private static void add(Family family, Matcher sample) {
        String name = sample.group(1);
        Map<String, String> labels = labels(sample.group(2));
        boolean summary = family.type().equals("summary");
        assertThat(name.equals(family.name())
                        || summary && (name.equals(family.name() + "_sum") || name.equals(family.name() + "_count")))
                .as("%s among the samples of %s", name, family.name())
                .isTrue();
        if (summary && name.equals(family.name())) {
            assertThat(labels).containsKey("quantile");
        } else {
            assertThat(labels).doesNotContainKey("quantile");
        }
        double value = value(sample.group(3));
        if (family.type().equals("counter") || name.endsWith("_count")) {
            assertThat(value).as(sample.group()).isNotNaN().isNotNegative();
        }
        assertThat(family.samples().put(new Series(name, labels), value))
                .as("twice: %s", sample.group())
                .isNull();
    }

    private static double value(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /// The rules of names, as `promtool check metrics` has them.
    private static void check(Family family) {
        String name = family.name();
        assertThat(family.samples()).as("%s has no sample", name).isNotEmpty();
        assertThat(name).matches(NAME).doesNotMatch(WRONG_UNIT).isLowerCase();
        assertThat(family.help()).isNotBlank();
        assertThat(name.endsWith("_total"))
                .as("%s %s", family.type(), name)
                .isEqualTo(family.type().equals("counter"));
        if (name.startsWith("fanfare_")) {
            assertThat(name).doesNotEndWith("_sum").doesNotEndWith("_count").doesNotEndWith("_bucket");
        }
        if (family.type().equals("summary")) {
            Set<Map<String, String>> counted = new HashSet<>();
            Set<Map<String, String>> summed = new HashSet<>();
            family.samples().keySet().forEach(series -> {
                if (series.name().endsWith("_count")) {
                    counted.add(series.labels());
                } else if (series.name().endsWith("_sum")) {
                    summed.add(series.labels());
                }
            });
            assertThat(summed).as(name).isEqualTo(counted).isNotEmpty();
        }
    }

    /// `{a="b",c="d"}`, character by character.
    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        if (text == null) {
            return labels;
        }
        int at = 1;
        while (text.charAt(at) != '}') {
            int equals = text.indexOf('=', at);
            String name = text.substring(at, equals);
            assertThat(name).matches("[a-zA-Z_][a-zA-Z0-9_]*").doesNotStartWith("__");
            assertThat(text.charAt(equals + 1)).as(text).isEqualTo('"');
            int end = equals + 2;
            while (text.charAt(end) != '"') {
                end += text.charAt(end) == '\\' ? 2 : 1;
            }
            assertThat(labels.put(name, unescaped(text.substring(equals + 2, end), "\\n\"")))
                    .as("label %s twice: %s", name, text)
                    .isNull();
            at = end + 1;
            if (text.charAt(at) == ',') {
                at++;
            } else {
                assertThat(text.charAt(at)).as(text).isEqualTo('}');
            }
        }
        assertThat(at).as("something behind the labels: %s", text).isEqualTo(text.length() - 1);
        return labels;
    }

    /// @param escapes what may follow a backslash
    private static String unescaped(String text, String escapes) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
                assertThat(escapes)
                        .as("an escape that does not exist: %s", text)
                        .contains(text.substring(i, i + 1));
                c = text.charAt(i) == 'n' ? '\n' : text.charAt(i);
            }
            plain.append(c);
        }
        return plain.toString();
    }

    /// All of them.
    public List<Family> families() {
        return new ArrayList<>(families.values());
    }

    /// One of them; fails when there is none.
    public Family family(String name) {
        Family family = families.get(name);
        if (family == null) {
            return fail("there is no family %s in %s", name, families.keySet());
        }
        return family;
    }

    /// The value of a sample; fails when there is none.
    ///
    /// @param labels names and values in turn
    public double value(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        Series series = new Series(name, wanted);
        for (Family family : families.values()) {
            Double value = family.samples().get(series);
            if (value != null) {
                return value;
            }
        }
        return fail("there is no %s in %s", series, families.get(name));
    }
}
