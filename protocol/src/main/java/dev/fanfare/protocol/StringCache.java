package dev.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Turns bytes into strings and remembers the last ones, so that a topic named in every request is made a string once.
/// Bounded; a name that shares another's place simply replaces it.
final class StringCache {

    private static final int SLOTS = 1024;
    private static final int LENGTH_MAX = 256;

    private final byte[][] keys = new byte[SLOTS][];
    private final @Nullable String[] strings = new String[SLOTS];

    String get(byte[] text, int from, int to) {
        int length = to - from;
        if (length > LENGTH_MAX) {
            return new String(text, from, length, StandardCharsets.UTF_8);
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + text[i];
        }
        int slot = (hash ^ hash >>> 15) & SLOTS - 1;
        byte @Nullable [] key = keys[slot];
        String known = strings[slot];
        if (key != null && known != null && Arrays.equals(key, 0, key.length, text, from, to)) {
            return known;
        }
        String made = new String(text, from, length, StandardCharsets.UTF_8);
        keys[slot] = Arrays.copyOfRange(text, from, to);
        strings[slot] = made;
        return made;
    }
}
