package dev.fanfare.server.filter;

import dev.fanfare.Message;
import dev.fanfare.Payload;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Expressions whose kinds fit together as a rule, over payloads whose members are there as a rule.
final class RandomExpression {

    private final Random random;
    private int variables;

    RandomExpression(Random random) {
        this.random = random;
    }

    static Message message(Random random) {
        String json =
                "{\"i\":%d,\"d\":%s,\"s\":\"%s\",\"b\":%s,\"n\":null,\"l\":[%d,2,3],\"w\":[\"a\",\"%s\"],\"m\":{\"x\":%d%s}}"
                        .formatted(
                                random.nextInt(5) - 1,
                                random.nextInt(4) - 0.5,
                                word(random),
                                random.nextBoolean(),
                                random.nextInt(4),
                                word(random),
                                random.nextInt(3),
                                random.nextBoolean() ? ",\"y\":[]" : "");
        return Message.of("id", word(random), word(random), Map.of("h", word(random)), Payload.json(json))
                .stored("id", word(random), "e", 0, 1_700_000_000_000L + random.nextInt(100_000_000));
    }

    private static String word(Random random) {
        return List.of("a", "b", "ab", "", "ba\u00e9").get(random.nextInt(5));
    }

    private String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String literal() {
        return one("'a'", "'b'", "''", "'ab'");
    }

    String truth(int depth) {
        if (depth == 0) {
            return one("true", "false", "message.payload.b", "has(message.payload.m.y)", "has(message.payload.q)");
        }
        int d = depth - 1;
        return switch (random.nextInt(18)) {
            case 0 -> "(" + truth(d) + " && " + truth(d) + ")";
            case 1 -> "(" + truth(d) + " || " + truth(d) + ")";
            case 2 -> "!" + truth(d);
            case 3 -> "(" + truth(d) + " ? " + truth(d) + " : " + truth(d) + ")";
            case 4 -> "(" + whole(d) + one("<", "<=", ">", ">=", "==", "!=") + whole(d) + ")";
            case 5 -> "(" + fraction(d) + one("<", "<=", ">", ">=", "==", "!=") + fraction(d) + ")";
            case 6 -> "(" + text(d) + one("<", "<=", ">", ">=", "==", "!=") + text(d) + ")";
            case 7 -> text(d) + "." + one("contains", "startsWith", "endsWith") + "(" + text(d) + ")";
            case 8 -> text(d) + ".matches(" + one("'a+b?'", "'^b'", "'[ab]{2}$'", "'.'") + ")";
            case 9 -> "(" + whole(d) + " in " + wholes(d) + ")";
            case 10 -> "(" + wholes(d) + one("==", "!=") + wholes(d) + ")";
            case 11 -> {
                String variable = "v" + variables++;
                yield wholes(d) + "." + one("all", "exists", "exists_one") + "(" + variable + ", " + about(variable, d)
                        + ")";
            }
            case 12 -> "(" + any(d) + one("==", "!=") + any(d) + ")";
            case 13 -> "(dyn(" + whole(d) + ")" + one("<", "==", ">=") + "dyn(" + fraction(d) + "))";
            case 14 ->
                "(" + one("message.payload.m", "message.payload.q", "message.payload.l") + ".x " + one("==", ">") + " "
                        + whole(d) + ")";
            case 15 -> "(type(" + any(d) + ")" + one("==", "!=") + one("int", "string", "list", "null_type") + ")";
            case 16 ->
                "(message.timestamp" + one("<", ">=") + "timestamp(" + one("1700050000", "message.payload.s") + "))";
            default -> "('" + one("x", "y", "z") + "' in message.payload.m)";
        };
    }

    private String about(String variable, int depth) {
        return switch (random.nextInt(4)) {
            case 0 -> variable + " " + one(">", "==", "<=") + " " + whole(depth);
            case 1 -> "(" + variable + " % " + whole(depth) + " == 0 || " + truth(depth) + ")";
            case 2 -> "[" + variable + "].exists(x, x == " + variable + " && " + truth(depth) + ")";
            default -> truth(depth);
        };
    }

    private String any(int depth) {
        return switch (random.nextInt(6)) {
            case 0 -> "dyn(" + whole(depth) + ")";
            case 1 -> "dyn(" + text(depth) + ")";
            case 2 -> "dyn(" + wholes(depth) + ")";
            case 3 -> "message.payload.n";
            case 4 -> "message.payload.m";
            default -> "message.payload." + one("i", "d", "s", "b", "l", "w");
        };
    }

    private String whole(int depth) {
        if (depth == 0) {
            return one("0", "1", "2", "3", "message.payload.i", "message.payload.l[0]");
        }
        int d = depth - 1;
        return switch (random.nextInt(7)) {
            case 0 -> "(" + whole(d) + one("+", "-", "*", "/", "%") + whole(d) + ")";
            case 1 -> "(-" + whole(d) + ")";
            case 2 -> "size(" + (random.nextBoolean() ? text(d) : wholes(d)) + ")";
            case 3 -> "int(" + fraction(d) + ")";
            case 4 -> wholes(d) + "[" + whole(d) + "]";
            case 5 ->
                "message.timestamp.get" + one("Hours", "Minutes", "DayOfWeek", "Seconds", "DayOfYear") + "("
                        + one("", "'01:30'", "'Europe/Paris'") + ")";
            default -> whole(0);
        };
    }

    private String fraction(int depth) {
        if (depth == 0) {
            return one("0.5", "-1.5", "2.0", "message.payload.d");
        }
        int d = depth - 1;
        return switch (random.nextInt(4)) {
            // Neither 0.0 / 0.0 nor a zero below zero: comparing a whole number with them, the library is not the
            // language.
            case 0 -> "(" + fraction(d) + one("+", "-") + fraction(d) + ")" + one("", " / 4.0", " * 2.0");
            case 1 -> "double(" + whole(d) + ")";
            case 2 -> "(" + truth(d) + " ? " + fraction(d) + " : " + fraction(d) + ")";
            default -> fraction(0);
        };
    }

    private String text(int depth) {
        if (depth == 0) {
            return one(
                    literal(),
                    "message.payload.s",
                    "topic",
                    "message.type",
                    "message.headers.h",
                    "message.headers['q']");
        }
        int d = depth - 1;
        return switch (random.nextInt(5)) {
            case 0 -> "(" + text(d) + " + " + text(d) + ")";
            case 1 -> "string(" + one(whole(d), fraction(d), truth(d)) + ")";
            case 2 -> "message.payload.w[" + whole(d) + "]";
            case 3 -> "string(bytes(" + text(d) + "))";
            default -> text(0);
        };
    }

    private String wholes(int depth) {
        if (depth == 0) {
            return one("[1, 2]", "message.payload.l", "[message.payload.i]", "[0]");
        }
        int d = depth - 1;
        String variable = "v" + variables++;
        return switch (random.nextInt(5)) {
            case 0 -> "(" + wholes(d) + " + " + wholes(d) + ")";
            case 1 -> wholes(d) + ".filter(" + variable + ", " + about(variable, d) + ")";
            case 2 -> wholes(d) + ".map(" + variable + ", " + variable + one(" + ", " * ", " / ") + whole(d) + ")";
            case 3 -> "[" + whole(d) + ", " + whole(d) + "]";
            default -> wholes(0);
        };
    }
}
