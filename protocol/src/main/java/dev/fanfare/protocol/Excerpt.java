package dev.fanfare.protocol;

/// What a peer wrote, as errors quote it: whole as long as it may be a name, and never at any length.
public final class Excerpt {

    /// The most characters that are quoted: those of the longest legal name.
    private static final int MAX = 256;

    private Excerpt() {}

    /// The text itself, or its beginning and three dots.
    public static String of(String text) {
        if (text.length() <= MAX) {
            return text;
        }
        int end = Math.min(text.length(), 2 * MAX); // characters are code points, of two chars at most
        if (end == text.length() && text.codePointCount(0, end) <= MAX) {
            return text;
        }
        return text.substring(0, text.offsetByCodePoints(0, MAX)) + "...";
    }
}
