package dev.fanfare.feed;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;

/// A topic name, or a pattern over them: `*` stands for one whole segment, `**` as the last one for any number,
/// none included. Segments are split at `/` if the pattern holds one, else at `.`. Immutable; equal when the text
/// is.
public final class Pattern {

    private final String text;
    private final boolean wild;

    private Pattern(String text, boolean wild) {
        this.text = text;
        this.wild = wild;
    }

    /// Reads a pattern or a plain name.
    ///
    /// @throws FanfareException `BAD_REQUEST` when it is neither
    public static Pattern of(String text) {
        if (text.isEmpty()) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "topic must not be empty");
        }
        return new Pattern(text, text.indexOf('*') >= 0);
    }

    /// Whether it is a pattern, not a plain name.
    public boolean isWild() {
        return wild;
    }

    /// As it was written.
    public String text() {
        return text;
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
