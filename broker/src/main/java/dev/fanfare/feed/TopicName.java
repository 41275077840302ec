package dev.fanfare.feed;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;

/// What a topic may be called: 1 to 256 characters of well-formed Unicode, no control character, no white space at
/// its ends, none of `*`, `+`, `#`; not `.` or `..`. Names are compared as they are, without normalisation.
public final class TopicName {

    /// The most characters (code points) a name or a pattern has.
    public static final int MAX_LENGTH = 256;

    private TopicName() {}

    /// Accepts a legal name.
    ///
    /// @return the name
    /// @throws FanfareException `BAD_REQUEST` that says what is wrong, and where
    public static String check(String name) {
        checkCharacters("topic", name);
        for (int at = 0; at < name.length(); at++) {
            char c = name.charAt(at);
            if (c == '*' || c == '+' || c == '#') {
                throw refused("topic", name, "must not hold '" + c + "' (at character " + (at + 1) + ")");
            }
        }
        return name;
    }

    /// Whether the name belongs to the broker: it begins with `$`. Clients neither create, delete nor publish to
    /// such a topic.
    public static boolean isReserved(String name) {
        return name.startsWith("$");
    }

    /// What names and patterns have in common.
    static void checkCharacters(String what, String text) {
        if (text.isEmpty()) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, what + " must not be empty");
        }
        // A code point has at most two chars: a very long text is refused before it is looked through.
        if (text.length() > 2 * MAX_LENGTH || text.codePointCount(0, text.length()) > MAX_LENGTH) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    what + " must have at most " + MAX_LENGTH + " characters, not "
                            + text.codePointCount(0, text.length()));
        }
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            int c = text.codePointAt(at);
            if (Character.isISOControl(c)) {
                throw refused(
                        what,
                        text,
                        "must not hold the control character " + hex(c) + " (at character " + (at + 1) + ")");
            }
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                throw refused(
                        what,
                        text,
                        "must be well-formed Unicode (lone surrogate " + hex(c) + " at character " + (at + 1) + ")");
            }
        }
        if (isSpace(text.codePointAt(0)) || isSpace(text.codePointBefore(text.length()))) {
            throw refused(what, text, "must not begin or end with white space");
        }
        if (text.equals(".") || text.equals("..")) {
            throw refused(what, text, "must not be '.' or '..'");
        }
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    private static String hex(int c) {
        return "U+%04X".formatted(c);
    }

    /// The text is quoted with what can't be printed left out.
    static FanfareException refused(String what, String text, String why) {
        StringBuilder quoted = new StringBuilder();
        text.codePoints()
                .map(c -> Character.isISOControl(c) || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)
                        ? '?'
                        : c)
                .forEach(quoted::appendCodePoint);
        return new FanfareException(ErrorCode.BAD_REQUEST, what + " '" + quoted + "' " + why);
    }
}
