package dev.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/// Which names the flat dialect takes. What the standard dialect takes is the broker's rule.
public final class TopicNames {

    private static final int FLAT_MAX = 255;

    private TopicNames() {}

    /// What is wrong with a name in the flat dialect: `[A-Za-z0-9_.-]`, 1 to 255 characters; null when nothing is.
    public static @Nullable String flatFault(String name) {
        if (name.isEmpty() || name.length() > FLAT_MAX) {
            return "Topic name must have 1 to " + FLAT_MAX + " characters, not " + name.length();
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean legal =
                    c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "_.-".indexOf(c) >= 0;
            if (!legal) {
                return "Topic name may only contain letters, digits, '_', '.' and '-'; the character at " + i
                        + " is none of them";
            }
        }
        return null;
    }
}
