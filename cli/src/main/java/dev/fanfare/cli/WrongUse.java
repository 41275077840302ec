package dev.fanfare.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// What to say about wrong arguments, in one line: what is wrong, what may have been meant, and where all that is
/// possible stands.
final class WrongUse {

    /// So many letters may differ in what may have been meant.
    private static final int LETTERS = 2;

    private WrongUse() {}

    static String line(ParameterException error) {
        var spec = error.getCommandLine().getCommandSpec();
        String help = " See " + spec.qualifiedName() + " --help";
        if (!(error instanceof UnmatchedArgumentException unmatched)) {
            return String.valueOf(error.getMessage()).replaceFirst("^Error: ", "") + "." + help;
        }
        String given = unmatched.getUnmatched().getFirst();
        if (!unmatched.isUnknownOption()) {
            return "unexpected argument '" + given + "'." + help;
        }
        String option = given.replaceFirst("=.*", "");
        List<String> near = nearest(option, spec.optionsMap().keySet());
        return "unknown option '" + option + "'."
                + (near.isEmpty() ? "" : " Did you mean " + String.join(" or ", near) + "?") + help;
    }

    private static List<String> nearest(String option, Iterable<String> names) {
        List<String> nearest = new ArrayList<>();
        int least = LETTERS;
        for (String name : names) {
            int distance = distance(option, name);
            if (name.startsWith("--") && distance <= least) {
                if (distance < least) {
                    nearest.clear();
                }
                least = distance;
                nearest.add(name);
            }
        }
        return nearest;
    }

    /// How many letters must be put in, left out or replaced to make one of the other (Levenshtein).
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
