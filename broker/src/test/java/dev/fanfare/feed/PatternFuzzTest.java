package dev.fanfare.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.FanfareException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Names and patterns of any characters, compared with regular expressions that say the same.
class PatternFuzzTest {

    private static final String[] PIECES = {
        "a", "b", "ab", "$", "é", "😀", ".", ".", "/", "/", "*", "**", "+", "#", " ", "\u00a0", "\t", "\u0000",
        "\ud800", "\udc00", "\u0085", "..", "A"
    };

    /// Wildcards only as whole segments, `**` only as the last; and nothing at all of what no name may hold.
    private static final java.util.regex.Pattern LEGAL = java.util.regex.Pattern.compile(
            "(?s)(?!\\.{1,2}$)(?!.*[\\p{Cc}\\p{Cs}+#])" + "(?![\\s\\p{Z}])(?!.*[\\s\\p{Z}]$).{1,256}");

    @Test
    void acceptsAndMatchesAsTheRulesSay() {
        run(30_000);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void acceptsAndMatchesAsTheRulesSayForLong() {
        run(2_000_000);
    }

    private static void run(int rounds) {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("PatternFuzzTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        int accepted = 0;
        int matched = 0;
        for (int i = 0; i < rounds; i++) {
            String text = text(random);
            Pattern pattern = read(text, seed);
            assertThat(pattern != null).as("seed %d, accepts '%s'", seed, text).isEqualTo(legal(text));
            if (pattern == null) {
                continue;
            }
            accepted++;
            String name = random.nextBoolean() ? text(random) : text.replace("*", random.nextBoolean() ? "a" : "b.c/d");
            boolean expected = name.equals(text) && !pattern.isWild() || pattern.isWild() && matches(text, name);
            assertThat(pattern.matches(name))
                    .as("seed %d, '%s' matches '%s'", seed, text, name)
                    .isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(accepted).as("seed %d", seed).isBetween(rounds / 20, rounds * 19 / 20);
        assertThat(matched).as("seed %d", seed).isGreaterThan(rounds / 100);
    }

    private static @Nullable Pattern read(String text, long seed) {
        try {
            return Pattern.of(text);
        } catch (FanfareException refused) {
            assertThat(refused.getMessage())
                    .as("seed %d, refuses '%s'", seed, text)
                    .startsWith("topic ")
                    .hasSizeLessThan(700);
            return null;
        }
    }

    private static boolean legal(String text) {
        String separator = separator(text).equals(".") ? "\\." : "/";
        String segment = "(?:[^*" + separator + "]*|\\*)";
        return LEGAL.matcher(text).matches()
                && (!text.contains("*")
                        || text.matches("(?s)(?:" + segment + separator + ")*(?:" + segment + "|\\*\\*)"));
    }

    private static String separator(String pattern) {
        return pattern.contains("/") ? "/" : ".";
    }

    private static boolean matches(String pattern, String name) {
        String separator = separator(pattern);
        String other = "[^" + separator + "]*";
        StringBuilder regex = new StringBuilder(pattern.startsWith("*") ? "(?s)(?!\\$)" : "(?s)");
        String[] segments = pattern.split(java.util.regex.Pattern.quote(separator), -1);
        for (int i = 0; i < segments.length; i++) {
            String before = i == 0 ? "" : java.util.regex.Pattern.quote(separator);
            regex.append(
                    switch (segments[i]) {
                        case "**" -> i == 0 ? ".*" : "(?:" + before + ".*)?";
                        case "*" -> before + other;
                        default -> before + java.util.regex.Pattern.quote(segments[i]);
                    });
        }
        return name.matches(regex.toString());
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        int harmless = random.nextInt(3) == 0 ? PIECES.length : 12;
        for (int left = random.nextInt(9); left > 0; left--) {
            text.append(PIECES[random.nextInt(harmless)]);
        }
        return random.nextInt(50) == 0 ? text.append("x".repeat(250)).toString() : text.toString();
    }
}
