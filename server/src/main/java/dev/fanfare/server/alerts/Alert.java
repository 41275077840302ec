package dev.fanfare.server.alerts;

import dev.fanfare.protocol.JsonBytes;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/// A figure that is wrong, or was until now.
///
/// @param rule the threshold that it is beyond
/// @param labels of the figure; none when it is a sum
/// @param value the last one that there was
/// @param sinceMillis since when it is wrong
public record Alert(AlertRule rule, State state, Map<String, String> labels, double value, long sinceMillis) {

    /// What became of it.
    public enum State {
        /// It is wrong, but not for long enough.
        PENDING("pending"),
        /// It is wrong.
        FIRING("firing"),
        /// It is right again.
        RESOLVED("resolved");

        private final String word;

        State(String word) {
            this.word = word;
        }

        /// As it is written.
        public String word() {
            return word;
        }
    }

    /// Copies the labels.
    public Alert {
        labels = Map.copyOf(labels);
    }

    /// As an object in JSON, of which the topic, the webhook and the list of alerts are told.
    public void write(JsonBytes out) {
        out.raw("{\"alert\":").string(rule.name());
        out.raw(",\"state\":").string(state.word());
        out.raw(",\"metric\":").string(rule.metric());
        out.raw(",\"labels\":");
        labels(out);
        out.raw(",\"value\":").raw(number(value));
        out.raw(",\"threshold\":").raw(number(rule.threshold()));
        out.raw(",\"since\":").timestamp(sinceMillis).raw("}");
    }

    /// The same in UTF-8.
    byte[] json() {
        JsonBytes out = new JsonBytes();
        write(out);
        return Arrays.copyOf(out.array(), out.length());
    }

    /// Its labels in JSON: whatever they hold stays in one line.
    String labelText() {
        JsonBytes out = new JsonBytes();
        labels(out);
        return out.toString();
    }

    private void labels(JsonBytes out) {
        out.raw("{");
        String separator = "";
        for (Map.Entry<String, String> label : new TreeMap<>(labels).entrySet()) {
            out.raw(separator).string(label.getKey()).raw(":").string(label.getValue());
            separator = ",";
        }
        out.raw("}");
    }

    /// JSON has no infinite numbers: they become null.
    public static String number(double value) {
        return Double.isFinite(value) ? Double.toString(value) : "null";
    }
}
