package dev.fanfare.server.alerts;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.Map;

/// A threshold on a figure.
///
/// @param name 1 to 100 letters, digits and `_.-`
/// @param metric as the page of figures shows it
/// @param above whether it is wrong above the threshold, rather than below it
/// @param clear what a figure that was wrong has to reach to be right again
/// @param hold how long it has to be wrong, and right again, before anybody is told
/// @param labels what the labels of a figure have to be: of `topic` a pattern, of others a text, or how one
///     begins with `*` behind it
/// @param rate whether it is how much the figure grows in a second, rather than the figure
/// @param sum whether it is all these figures together, rather than each of them
public record AlertRule(
        String name,
        String metric,
        boolean above,
        double threshold,
        double clear,
        Duration hold,
        Map<String, String> labels,
        boolean rate,
        boolean sum) {

    /// The most rules of a server.
    public static final int MAX_RULES = 100;

    /// How long a figure has to be wrong unless something else is said.
    public static final Duration USUAL_HOLD = Duration.ofSeconds(30);

    private static final double USUAL_DISTANCE = 0.1;
    private static final int MAX_LABELS = 20;
    private static final String LABEL_NAME = "[a-zA-Z_][a-zA-Z0-9_]{0,99}";

    /// Checks everything.
    ///
    /// @throws FanfareException `BAD_REQUEST` that says what is wrong
    public AlertRule {
        labels = Map.copyOf(labels);
        check(name.matches("[A-Za-z0-9_.-]{1,100}"), "name must be 1 to 100 letters, digits and _ . -");
        check(metric.matches("[a-zA-Z_:][a-zA-Z0-9_:]{0,199}"), "metric must be a name as /metrics shows it");
        check(
                above ? clear <= threshold : clear >= threshold,
                "clear must not be " + (above ? "above" : "below") + " the threshold");
        check(labels.size() <= MAX_LABELS, "at most " + MAX_LABELS + " labels are allowed");
        labels.forEach((label, value) -> {
            check(label.matches(LABEL_NAME), "a label must be a name as /metrics shows it");
            check(
                    value.indexOf('*') < 0 || label.equals("topic") || value.indexOf('*') == value.length() - 1,
                    "label " + label + ": * may stand at the end only");
            if (label.equals("topic")) {
                Pattern.of(value); // says itself what is wrong
            }
        });
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, what);
        }
    }

    /// What a figure has to reach to be right again unless something else is said: a tenth on the right side of
    /// the threshold.
    public static double usualClear(boolean above, double threshold) {
        double distance = Math.abs(threshold) * USUAL_DISTANCE;
        return above ? threshold - distance : threshold + distance;
    }

    /// Whether a figure is wrong; one that is not a number is not.
    boolean isWrong(double value) {
        return above ? value > threshold : value < threshold;
    }

    /// Whether a figure that was wrong is right again; one that is not a number is.
    boolean isRight(double value) {
        return !(above ? value > clear : value < clear);
    }
}
