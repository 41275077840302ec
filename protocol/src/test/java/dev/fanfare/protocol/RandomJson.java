package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Random;

/// Documents of every kind the grammar knows, white space and escapes included.
final class RandomJson {

    private static final String[] SPACES = {"", "", "", " ", "\n", "\t", "\r\n"};
    private static final String[] ESCAPES = {
        "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\uD83D\\uDE00", "\\udead"
    };
    private static final String[] NUMBERS = {
        "0", "-0", "7", "-12", "3.25", "1e5", "-1E-7", "0.1e+10", "98765432109876543210"
    };
    private static final String[] CHARACTERS = {
        "a", "xyz", " ", "é", "日", "😀", "/", "'", "{", "]", "long plain text ", "\u007f"
    };

    private final Random random;
    private final StringBuilder text = new StringBuilder();

    RandomJson(Random random) {
        this.random = random;
    }

    byte[] document() {
        space();
        value(1 + random.nextInt(5));
        space();
        return text.toString().getBytes(UTF_8);
    }

    private void value(int depth) {
        switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> text.append("null");
            case 1 -> text.append(random.nextBoolean());
            case 2 -> text.append(pick(NUMBERS));
            case 3, 4 -> string();
            case 5 -> array(depth);
            default -> object(depth);
        }
    }

    private void array(int depth) {
        text.append('[');
        space();
        for (int left = random.nextInt(4); left > 0; left--) {
            value(depth - 1);
            space();
            if (left > 1) {
                text.append(',');
                space();
            }
        }
        text.append(']');
    }

    private void object(int depth) {
        text.append('{');
        space();
        for (int left = random.nextInt(4); left > 0; left--) {
            string();
            space();
            text.append(':');
            space();
            value(depth - 1);
            space();
            if (left > 1) {
                text.append(',');
                space();
            }
        }
        text.append('}');
    }

    private void string() {
        text.append('"');
        for (int left = random.nextInt(6); left > 0; left--) {
            text.append(random.nextInt(5) == 0 ? pick(ESCAPES) : pick(CHARACTERS));
        }
        text.append('"');
    }

    private void space() {
        text.append(pick(SPACES));
    }

    private String pick(String[] from) {
        return from[random.nextInt(from.length)];
    }
}
