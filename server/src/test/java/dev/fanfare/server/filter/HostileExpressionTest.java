package dev.fanfare.server.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An expression may ask for more than there is time for. Then it fails when its steps are used up.
class HostileExpressionTest {

    private static final Message LARGE = large();

    private static Message large() {
        String numbers =
                IntStream.range(0, 8_000).mapToObj(i -> String.valueOf(i % 10)).collect(Collectors.joining(","));
        String words = IntStream.range(0, 2_000).mapToObj(i -> "\"a\"").collect(Collectors.joining(","));
        String json = "{\"l\":[" + numbers + "],\"w\":[" + words + "],\"s\":\"" + "a".repeat(30_000) + "\",\"p\":\""
                + "a".repeat(8_000) + "b\",\"min\":-1,\"zone\":\"Europe/Berlin\",\"none\":\"Europe/Nowhere\"}";
        assertThat(json.length()).isLessThan(65_536);
        return Message.json(json).stored("m", "t", "e", 0, 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "message.payload.l.all(x, message.payload.l.all(y, x <= y + 100))",
                "message.payload.l.all(a, message.payload.l.all(b, message.payload.l.all(c, message.payload.l.all(d, d >= 0))))",
                "message.payload.l.map(x, message.payload.l.map(y, message.payload.l)).size() > 0",
                "[message.payload.l.map(x, message.payload.l)].all(a, [a.map(x, a)].all(b, b == b.map(x, x)))",
                "message.payload.l.map(x, message.payload.l) == message.payload.l.map(x, message.payload.l)",
                "message.payload.l.all(x, !message.payload.s.contains(message.payload.p))",
                "message.payload.l.all(x, !message.payload.s.matches('(a+a+)+b'))",
                "message.payload.w.all(x, !(x + message.payload.s).matches('^(a|aa|a?)*$z'))",
                "message.payload.l.all(x, !(message.payload.s in [message.payload.s + 'b', message.payload.s + 'c']))",
                "message.payload.l.filter(x, 77 in message.payload.l).size() == 0",
                "message.payload.l.exists(x, message.payload.l.missing || message.payload.l.exists(y, y.missing))",
                "message.payload.l.all(x, size(message.payload.s) > 0 && size(message.payload.s + message.payload.s) > 0)",
                "message.payload.l.all(x, message.payload == message.payload && message.payload.l + message.payload.l != [])",
                "[message.payload.s].all(a, [a+a+a+a+a+a+a+a].all(b, [b+b+b+b+b+b+b+b].all(c, [c+c+c+c+c+c+c+c].all(d, size(d+d+d) > 0))))",
                "[[1, 2]].all(a, [[a, a]].all(b, [[b, b]].all(c, [[c, c]].all(d, [[d, d]].all(e, [[e, e]].a"
                        + "ll(f, [[f, f]].all(g, [[g, g]].all(h, [[h, h]].all(i, [[i, i]].all(j, [[j, j]].all(k, [[k,"
                        + " k]].all(l, [[l, l]].all(m, [[m, m]].all(n, [[n, n]].all(o, [[o, o]].all(p, [[p, p]].all(q"
                        + ", [[q, q]].all(r, [[r, r]].all(s, [[s, s]].all(t, t == dyn(t).map(x, x) && t == dyn(t).map"
                        + "(x, x.map(y, y))))))))))))))))))))))",
            })
    void whatWouldTakeTooLongUsesUpItsSteps(String expression) {
        ExpressionFilter filter = Expressions.filter(expression);

        assertThatThrownBy(() -> filter.matches(LARGE)).as(expression).isInstanceOf(Run.OutOfBudget.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "message.timestamp.getHours('Europe/Berlin') == 1",
                "message.timestamp.getDayOfYear(message.payload.zone) == 1",
                "message.timestamp.getHours(message.payload.none) == 1",
                "timestamp('2500-06-30T12:00:00Z') > message.timestamp",
                "timestamp(message.payload.none) > message.timestamp",
                "duration('1h1m1.999999999s') > duration('0s')",
                "duration('99999999999999999999h') > duration('0s')",
                "string(message.timestamp) == ''",
                "string(duration('1.000000001s')) == ''",
                "string(1.0e-300) == ''",
                "int(message.payload.none) == 1",
                "double(message.payload.none) == 1.0",
                "message.payload.s.contains('aaaaaaaaaaaaaaab')",
            })
    void whatTakesLongerThanAComparisonCostsMore(String each) {
        // 8,000 comparisons are no trouble; so many of these would be.
        ExpressionFilter filter = Expressions.filter("message.payload.l.all(x, (" + each + ") || true)");

        assertThatThrownBy(() -> filter.matches(LARGE)).as(each).isInstanceOf(Run.OutOfBudget.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "message.timestamp.getHours(message.payload) == 1",
                "message.timestamp.getHours(message.payload.s) == 1",
                "int(message.payload.s) == 1",
                "message.payload.l in message.payload",
                "message.payload[message.payload.l] == 1",
            })
    void whatCanNotBeAnythingIsNotLookedAt(String each) throws Exception {
        // 2,000 times the length of any of these would be too much.
        ExpressionFilter filter = Expressions.filter("message.payload.w.all(x, (%s) || true)".formatted(each));

        assertThat(filter.matches(LARGE)).as(each).isTrue();
    }

    @Test
    void readingAPayloadCostsWhatItsSizeSaysOnce() {
        Run run = new Run(LARGE, 0);
        run.payload();
        int size = LARGE.payload().size();

        assertThat(run.spent()).isEqualTo(1 + size / 16 + size / 2);

        int spent = run.spent();
        run.payload();
        assertThat(run.spent()).isEqualTo(spent);
    }

    @Test
    void aPayloadThatCostsTooMuchIsNotRead() throws Exception {
        String numbers = "[" + "1,".repeat(Run.BUDGET) + "1]";
        ExpressionFilter filter = Expressions.filter("message.payload != 'a'");

        assertThatThrownBy(() -> filter.matches(Message.json(numbers).stored("m", "t", "e", 0, 0)))
                .isInstanceOf(Run.OutOfBudget.class);
        assertThat(filter.matches(Message.text(numbers).stored("m", "t", "e", 0, 0)))
                .as("text is only copied")
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 16, 17, 200, 3_000})
    void lookingForATextCostsMoreTheMoreOftenItNearlyMatches(int length) {
        Run run = new Run(LARGE, 0);
        Search.contains(run, "a".repeat(30_000), "a".repeat(length - 1) + "b");

        assertThat(run.spent())
                .isGreaterThanOrEqualTo(length > 16 ? 30_000 / 2 : 30_000 / 8 * (2 + length / 2))
                .isLessThan(40_000);
    }

    @Test
    void timeZonesOfAnOrdinaryPayloadAreNoTrouble() throws Exception {
        String times = IntStream.range(0, 200)
                .mapToObj(i -> "\"2026-06-30T12:00:%02d.5+02:00\"".formatted(i % 60))
                .collect(Collectors.joining(","));
        Message message = Message.json("[" + times + "]").stored("m", "t", "e", 0, 0);

        assertThat(Expressions.filter("message.payload.all(t, timestamp(t).getHours('Europe/Berlin') == 12)")
                        .matches(message))
                .isTrue();
    }

    @Test
    void anOrdinaryLookAtAllOfALargePayloadIsNoTrouble() throws Exception {
        assertThat(Expressions.filter("message.payload.l.all(x, x > message.payload.min && x < 10)")
                        .matches(LARGE))
                .isTrue();
        assertThat(Expressions.filter("message.payload.l.filter(x, x == 3).map(x, x * 2).size() == 800")
                        .matches(LARGE))
                .isTrue();
        assertThat(Expressions.filter("!message.payload.s.contains('" + "ab".repeat(200)
                                + "') && message.payload.s.contains('" + "a".repeat(500) + "')")
                        .matches(LARGE))
                .isTrue();
        assertThat(Expressions.filter("message.payload.s.matches('^a+$') && !message.payload.s.contains('ab')")
                        .matches(LARGE))
                .isTrue();
    }

    @Test
    void longAndDeepExpressionsAreRefused() {
        for (String expression : new String[] {
            "true" + " ".repeat(Expressions.LENGTH_MAX),
            "(".repeat(2_000) + "true" + ")".repeat(2_000),
            "[".repeat(2_000) + "]".repeat(2_000) + " == []",
            "!".repeat(4_000) + "true",
            "1" + "+1".repeat(2_000) + " > 0",
            "topic" + ".a".repeat(2_000) + " == 1",
            "true" + "?true:true".repeat(400),
            "topic" + "[0]".repeat(1_300) + " == 0"
        }) {
            try {
                // What is not refused has to be evaluated.
                Expressions.filter(expression).matches(LARGE);
            } catch (FanfareException refused) {
                assertThat(refused).hasMessageStartingWith("filter");
            } catch (Exception failed) {
                assertThat(failed).hasMessageNotContaining("StackOverflow");
            }
        }
    }

    @Test
    void anythingIsUnderstoodOrRefused() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        String alphabet =
                "()[]{}.,:?&|!<>=+-*/%'\"\\ \n0123456789abmessage.payload.topic_allexistsu\u00e9\ud83d\ude00\u0000";
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? new RandomExpression(random).truth(3) : "");
            int changes = 1 + random.nextInt(6);
            for (int change = 0; change < changes; change++) {
                int at = random.nextInt(text.length() + 1);
                if (random.nextBoolean() && at < text.length()) {
                    text.deleteCharAt(at);
                } else {
                    text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                }
            }
            try {
                Expressions.filter(text.toString());
            } catch (FanfareException refused) {
                assertThat(refused).as("%s, seed %d", text, seed).hasMessageStartingWith("filter");
            }
        }
    }
}
