package dev.fanfare.server.filter;

/// Looks for one text in another, in a time that has a bound whatever both are.
final class Search {

    /// So short a text is looked for place by place, which is quick as a rule and charged as if each place were a near
    /// miss.
    private static final int SHORT = 16;

    private static final int PER_UNIT = 16;

    private Search() {}

    static boolean contains(Run run, String text, String part) {
        if (part.length() <= SHORT) {
            run.charge(1 + (long) text.length() / PER_UNIT * (2 + part.length() / 2));
            return text.contains(part);
        }
        run.charge(1 + ((long) text.length() + part.length()) / 4);
        return part.length() <= text.length() && inOnePass(text, part);
    }

    /// Knuth, Morris and Pratt: never goes back in the text.
    private static boolean inOnePass(String text, String part) {
        int[] borders = borders(part);
        int matched = 0;
        for (int i = 0; i < text.length(); i++) {
            while (matched > 0 && text.charAt(i) != part.charAt(matched)) {
                matched = borders[matched - 1];
            }
            if (text.charAt(i) == part.charAt(matched) && ++matched == part.length()) {
                return true;
            }
        }
        return false;
    }

    /// How much of the part's beginning is found again at the end of each of its beginnings.
    private static int[] borders(String part) {
        int[] borders = new int[part.length()];
        int matched = 0;
        for (int i = 1; i < part.length(); i++) {
            while (matched > 0 && part.charAt(i) != part.charAt(matched)) {
                matched = borders[matched - 1];
            }
            if (part.charAt(i) == part.charAt(matched)) {
                matched++;
            }
            borders[i] = matched;
        }
        return borders;
    }
}
