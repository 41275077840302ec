package dev.fanfare.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "orders",
                "a/b",
                "/",
                "//",
                "a//b",
                "a b",
                "...",
                "$internal/x",
                "täglich",
                "\uD83D\uDE00",
                "a?b",
                "a{}\"\\"
            })
    void acceptsNames(String name) {
        assertThat(Pattern.of(name).isWild()).isFalse();
        assertThat(Pattern.of(name).matches(name)).isTrue();
        assertThat(TopicName.check(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "**", "a.*", "a/*/b", "a/**", "*/**", "*.b.*", "$x/*"})
    void acceptsPatterns(String pattern) {
        assertThat(Pattern.of(pattern).isWild()).isTrue();
        assertThatThrownBy(() -> TopicName.check(pattern)).isInstanceOf(FanfareException.class);
    }

    @Test
    void aNameHasAtMost256Characters() {
        assertThat(Pattern.of("x".repeat(256)).text()).hasSize(256);
        assertThat(Pattern.of("\uD83D\uDE00".repeat(256)).text()).hasSize(512);
        assertRefused("x".repeat(257), "topic must have at most 256 characters, not 257");
        assertRefused("\uD83D\uDE00".repeat(257), "topic must have at most 256 characters, not 257");
        assertRefused("x".repeat(1_000_000), "topic must have at most 256 characters, not 1000000");
    }

    @Test
    void refusalsSayWhatIsWrongAndWhere() {
        assertRefused("", "topic must not be empty");
        assertRefused(" a", "topic ' a' must not begin or end with white space");
        assertRefused("a\u00a0", "topic 'a\u00a0' must not begin or end with white space");
        assertRefused(".", "topic '.' must not be '.' or '..'");
        assertRefused("..", "topic '..' must not be '.' or '..'");
        assertRefused("a\nb", "topic 'a?b' must not hold the control character U+000A (at character 2)");
        assertRefused("a\u0000", "topic 'a?' must not hold the control character U+0000 (at character 2)");
        assertRefused("ab\uD83D", "topic 'ab?' must be well-formed Unicode (lone surrogate U+D83D at character 3)");
        assertRefused("a+b", "topic 'a+b' must not hold '+' (at character 2)");
        assertRefused("a/#", "topic 'a/#' must not hold '#' (at character 3)");
        assertRefused("*/#", "topic pattern '*/#' must not hold '#' (at character 3)");
        assertRefused("a/b*", "topic pattern 'a/b*' may hold '*' only as a whole segment (not at character 4)");
        assertRefused("a***", "topic pattern 'a***' may hold '*' only as a whole segment (not at character 2)");
        assertRefused("a/**/b", "topic pattern 'a/**/b' may hold '**' only as its last segment (not at character 3)");
        assertRefused("* ", "topic pattern '* ' must not begin or end with white space");
    }

    private static void assertRefused(String text, String message) {
        assertThatThrownBy(() -> Pattern.of(text))
                .hasMessage(message)
                .isInstanceOfSatisfying(
                        FanfareException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BAD_REQUEST));
    }

    @ParameterizedTest
    @CsvSource({
        "a.*, a.b, true",
        "a.*, a, false",
        "a.*, a.b.c, false",
        "a.*, a., true",
        "a.*, b.b, false",
        "a.*, ab.c, false",
        "*.b, a.b, true",
        "*.b, .b, true",
        "*.*, a.b, true",
        "*.*, a, false",
        "*, a, true",
        "*, a.b, false",
        "*, a/b, true",
        "**, a, true",
        "**, a.b/c, true",
        "a.**, a, true",
        "a.**, a.b, true",
        "a.**, a.b.c, true",
        "a.**, ab, false",
        "a.**, a/b, false",
        "a/**, a, true",
        "a/**, a/b/c, true",
        "a/**, a.b, false",
        "a/*/c, a/b/c, true",
        "a/*/c, a/b.x/c, true",
        "a/*/c, a//c, true",
        "a/*/c, a/c, false",
        "*/**, a, true",
        "*/**, a/b, true",
        "/*, /a, true",
        "/*, a, false",
    })
    void matchesWholeSegments(String pattern, String name, boolean expected) {
        assertThat(Pattern.of(pattern).matches(name)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "*, $a, false",
        "**, $a, false",
        "*/b, $a/b, false",
        "*/**, $a/b, false",
        "$a/*, $a/b, true",
        "$a/**, $a, true",
        "a/*, a/$b, true",
        "a/**, a/$b, true",
    })
    void wildcardsInTheFirstSegmentPassOverNamesOfTheBroker(String pattern, String name, boolean expected) {
        assertThat(Pattern.of(pattern).matches(name)).isEqualTo(expected);
    }

    @Test
    void everyNameThatMatchesBeginsWithTheLiteralPrefixOrIsItsParent() {
        assertThat(Pattern.of("a/b/*").literalPrefix()).isEqualTo("a/b/");
        assertThat(Pattern.of("**").literalPrefix()).isEmpty();
        assertThat(Pattern.of("a.*.c").literalPrefix()).isEqualTo("a.");
        assertThat(Pattern.of("a.b").literalPrefix()).isEqualTo("a.b");
    }

    @Test
    void agreesWithAMatcherThatTriesEverything() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 50_000; i++) {
            String pattern = randomText(random, List.of("a", "b", "$", "*", "**", ""));
            String name = randomText(random, List.of("a", "b", "$", "$a", ""));
            Pattern read;
            try {
                read = Pattern.of(pattern);
                TopicName.check(name);
            } catch (FanfareException refused) {
                continue;
            }
            if (read.isWild() && read.matches(name) != naiveMatch(pattern, name)) {
                throw new AssertionError("seed " + seed + ": " + pattern + " and " + name);
            }
        }
    }

    private static String randomText(Random random, List<String> segments) {
        StringBuilder text = new StringBuilder();
        int length = 1 + random.nextInt(4);
        for (int i = 0; i < length; i++) {
            text.append(i == 0 ? "" : random.nextBoolean() ? "/" : ".");
            text.append(segments.get(random.nextInt(segments.size())));
        }
        return text.toString();
    }

    /// The rules, translated to a regular expression.
    private static boolean naiveMatch(String pattern, String name) {
        String separator = pattern.contains("/") ? "/" : ".";
        if (pattern.startsWith("*") && name.startsWith("$")) {
            return false;
        }
        StringBuilder regex = new StringBuilder();
        String quoted = java.util.regex.Pattern.quote(separator);
        String one = "[^" + java.util.regex.Pattern.quote(separator) + "]*";
        String[] segments = pattern.split(quoted, -1);
        for (int i = 0; i < segments.length; i++) {
            if (segments[i].equals("**")) {
                regex.append(i == 0 ? ".*" : "(" + quoted + ".*)?");
            } else {
                regex.append(i == 0 ? "" : quoted);
                regex.append(segments[i].equals("*") ? one : java.util.regex.Pattern.quote(segments[i]));
            }
        }
        return name.matches("(?s)" + regex);
    }
}
