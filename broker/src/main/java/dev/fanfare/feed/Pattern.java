package dev.fanfare.feed;

import dev.fanfare.FanfareException;
import java.util.ArrayList;
import java.util.List;

/// A topic name, or a pattern over them: `*` stands for one whole segment, `**` as the last one for any number,
/// none included. Segments are split at `/` if the pattern holds one, else at `.`. A wildcard in the first segment
/// does not match names that begin with `$`. Immutable; equal when the text is.
public final class Pattern {

    private static final String ONE = "*";
    private static final String REST = "**";

    private final String text;
    private final char separator;

    /// Empty for a plain name.
    private final List<String> segments;

    private Pattern(String text, char separator, List<String> segments) {
        this.text = text;
        this.separator = separator;
        this.segments = segments;
    }

    /// Reads a pattern or a plain name.
    ///
    /// @throws FanfareException `BAD_REQUEST` when it is neither, saying what is wrong, and where
    public static Pattern of(String text) {
        char separator = text.indexOf('/') >= 0 ? '/' : '.';
        if (text.indexOf('*') < 0) {
            return new Pattern(TopicName.check(text), separator, List.of());
        }
        TopicName.checkCharacters("topic pattern", text);
        List<String> segments = split(text, separator);
        int at = 0;
        for (int i = 0; i < segments.size(); i++) {
            checkSegment(text, segments.get(i), at, i == segments.size() - 1);
            at += segments.get(i).length() + 1;
        }
        return new Pattern(text, separator, segments);
    }

    private static void checkSegment(String text, String segment, int at, boolean last) {
        for (char c : new char[] {'+', '#'}) {
            if (segment.indexOf(c) >= 0) {
                throw TopicName.refused(
                        "topic pattern",
                        text,
                        "must not hold '" + c + "' (at character " + (at + segment.indexOf(c) + 1) + ")");
            }
        }
        if (segment.equals(REST) && !last) {
            throw TopicName.refused(
                    "topic pattern",
                    text,
                    "may hold '**' only as its last segment (not at character " + (at + 1) + ")");
        }
        if (segment.indexOf('*') >= 0 && !segment.equals(ONE) && !segment.equals(REST)) {
            throw TopicName.refused(
                    "topic pattern",
                    text,
                    "may hold '*' only as a whole segment (not at character " + (at + segment.indexOf('*') + 1) + ")");
        }
    }

    private static List<String> split(String text, char separator) {
        List<String> segments = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
            segments.add(text.substring(from, at));
            from = at + 1;
        }
        segments.add(text.substring(from));
        return List.copyOf(segments);
    }

    /// Whether it is a pattern, not a plain name.
    public boolean isWild() {
        return !segments.isEmpty();
    }

    /// As it was written.
    public String text() {
        return text;
    }

    /// At what the segments are split: `/` or `.`.
    public char separator() {
        return separator;
    }

    /// The segments of a pattern, wildcards as they are written; empty for a plain name.
    public List<String> segments() {
        return segments;
    }

    /// What every name that matches begins with: everything before the first wildcard. For `a/**` that is `a/`,
    /// although the name `a` matches as well.
    public String literalPrefix() {
        int wildcard = text.indexOf('*');
        return wildcard < 0 ? text : text.substring(0, wildcard);
    }

    /// Whether a topic of this name is meant.
    public boolean matches(String name) {
        if (!isWild()) {
            return text.equals(name);
        }
        if (name.startsWith("$") && segments.getFirst().startsWith(ONE)) {
            return false;
        }
        int at = 0; // where the name's next segment begins, -1 after the last
        for (int i = 0; i < segments.size(); i++) {
            String segment = segments.get(i);
            if (segment.equals(REST)) {
                return true;
            }
            if (at < 0) {
                return false;
            }
            int separatorAt = name.indexOf(separator, at);
            int end = separatorAt < 0 ? name.length() : separatorAt;
            if (!segment.equals(ONE) && (end - at != segment.length() || !name.startsWith(segment, at))) {
                return false;
            }
            at = separatorAt < 0 ? -1 : end + 1;
        }
        return at < 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Pattern that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
