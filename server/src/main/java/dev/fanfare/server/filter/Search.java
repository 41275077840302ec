package dev.fanfare.server.filter;

/// Looks for one text in another, in a time that has a bound whatever both are.
final class Search {

    /// So short a text is looked for place by place, which is quick as a rule and charged as if each place were a near
    /// miss.
    private static final int SHORT = 16;

    private static final int PER_UNIT = 8;

    private Search() {}

    static boolean contains(Run run, String text, String part) {
        if (part.length() <= SHORT) {
            run.charge(1 + (long) text.length() / PER_UNIT * (2 + part.length() / 2));
            return text.contains(part);
        }
        run.charge(1 + ((long) text.length() + part.length()) / 2);
        return part.length() <= text.length() && inOnePass(text.toCharArray(), part.toCharArray());
    }

    /// Knuth, Morris and Pratt: never goes back in the text.
    private static boolean inOnePass(char[] text, char[] part) {
        int[] borders = borders(part);
        int matched = 0;
        for (char next : text) {
            while (matched > 0 && next != part[matched]) {
                matched = borders[matched - 1];
            }
            if (next == part[matched] && ++matched == part.length) {
                return true;
            }
        }
        return false;
    }

    /// How much of the part's beginning is found again at the end of each of its beginnings.
    private static int[] borders(char[] part) {
        int[] borders = new int[part.length];
        int matched = 0;
        for (int i = 1; i < part.length; i++) {
            while (matched > 0 && part[i] != part[matched]) {
                matched = borders[matched - 1];
            }
            if (part[i] == part[matched]) {
                matched++;
            }
            borders[i] = matched;
        }
        return borders;
    }
}
