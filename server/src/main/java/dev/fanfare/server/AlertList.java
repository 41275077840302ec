package dev.fanfare.server;

import dev.fanfare.FanfareException;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.server.alerts.AlertRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Reads the setting `alerts`: a list of thresholds in YAML, of which JSON is a part.
final class AlertList {

    private static final Set<String> KNOWN =
            new TreeSet<>(Set.of("name", "metric", "above", "below", "clear", "for", "labels", "rate", "sum"));
    private static final SettingType<Duration> HOLD = SettingType.duration(Duration.ZERO, Duration.ofDays(1));
    private static final SettingType<Boolean> FLAG = SettingType.flag();

    private final JsonNode entry;
    private final String which;

    private AlertList(JsonNode entry, String which) {
        this.entry = entry;
        this.which = which;
    }

    static SettingType<List<AlertRule>> type() {
        return SettingType.list(
                "a list such as [{\"name\": \"lag\", \"metric\": \"fanfare_subscription_lag\", \"above\": 1000}]",
                AlertList::parse);
    }

    /// The rules of a text.
    ///
    /// @throws SettingException that says which one is wrong, and what
    private static List<AlertRule> parse(String text) {
        JsonNode list;
        try {
            list = YAMLMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build()
                    .readTree(text);
        } catch (JacksonException malformed) {
            throw new SettingException("it is neither YAML nor JSON: "
                    + malformed.getOriginalMessage().lines().findFirst().orElse(""));
        }
        List<AlertRule> rules = new ArrayList<>();
        if (list.isNull() || list.isMissingNode()) {
            return rules;
        }
        if (!list.isArray()) {
            throw new SettingException("expected a list of alerts, each with name, metric and above or below");
        }
        if (list.size() > AlertRule.MAX_RULES) {
            throw new SettingException(
                    "there are " + list.size() + " alerts; at most " + AlertRule.MAX_RULES + " are allowed");
        }
        Set<String> names = new HashSet<>();
        for (JsonNode entry : list) {
            JsonNode name = entry.path("name");
            String which = "alert " + (rules.size() + 1)
                    + (name.isValueNode() && !name.isNull() ? " ('" + Excerpt.of(name.asString()) + "')" : "");
            AlertRule rule = new AlertList(entry, which).rule();
            if (!names.add(rule.name())) {
                throw new SettingException(which + ": another alert has this name");
            }
            rules.add(rule);
        }
        return rules;
    }

    private AlertRule rule() {
        if (!entry.isObject()) {
            throw wrong("expected name, metric and above or below");
        }
        for (String member : entry.propertyNames()) {
            if (!KNOWN.contains(member)) {
                throw wrong("there is no member '" + Excerpt.of(member) + "'; known are " + String.join(", ", KNOWN));
            }
        }
        boolean above = entry.has("above");
        if (above == entry.has("below")) {
            throw wrong("it needs either above or below");
        }
        String metric = text("metric").orElseThrow(() -> wrong("metric is missing"));
        double threshold = number(above ? "above" : "below").orElseThrow();
        try {
            return new AlertRule(
                    text("name").orElseThrow(() -> wrong("name is missing")),
                    metric,
                    above,
                    threshold,
                    number("clear").orElseGet(() -> AlertRule.usualClear(above, threshold)),
                    text("for").map(text -> read("for", HOLD, text)).orElse(AlertRule.USUAL_HOLD),
                    labels(),
                    text("rate").map(text -> read("rate", FLAG, text)).orElseGet(() -> metric.endsWith("_total")),
                    text("sum").map(text -> read("sum", FLAG, text)).orElse(false));
        } catch (FanfareException illegal) {
            throw wrong(String.valueOf(illegal.getMessage()));
        }
    }

    private Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>();
        JsonNode given = entry.path("labels");
        if (!given.isObject() && !given.isMissingNode()) {
            throw wrong("labels must be names with values, such as {topic: orders.*}");
        }
        for (Map.Entry<String, JsonNode> label : given.properties()) {
            if (!label.getValue().isValueNode() || label.getValue().isNull()) {
                throw wrong("label " + Excerpt.of(label.getKey()) + " must have a text");
            }
            labels.put(label.getKey(), label.getValue().asString());
        }
        return labels;
    }

    private Optional<String> text(String member) {
        JsonNode value = entry.path(member);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        if (!value.isValueNode() || value.isNull()) {
            throw wrong(member + " must be one value");
        }
        return Optional.of(value.asString().strip());
    }

    /// A number, or a size with its unit.
    private Optional<Double> number(String member) {
        return text(member).map(text -> {
            if (text.matches("[+-]?\\d{1,18}(\\.\\d{1,18})?([eE][+-]?\\d{1,2})?")) {
                return Double.valueOf(text);
            }
            return SettingType.sizeOf(text)
                    .map(Long::doubleValue)
                    .orElseThrow(() -> wrong(
                            member + " must be a number, or a size such as 1GiB, not '" + Excerpt.of(text) + "'"));
        });
    }

    private <T> T read(String member, SettingType<T> type, String text) {
        return type.read(text)
                .orElseThrow(() ->
                        wrong(member + ": '" + Excerpt.of(text) + "' is not allowed; allowed is " + type.allowed()));
    }

    private SettingException wrong(String what) {
        return new SettingException(which + ": " + what);
    }
}
