package dev.fanfare.server.rest;

import java.nio.charset.StandardCharsets;

/// Writing paths.
final class Paths {

    private static final String UNRESERVED = "-._~";

    private Paths() {}

    /// A text as one segment of a path, percent-encoded where needed.
    static String segment(String text) {
        StringBuilder path = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (plain || UNRESERVED.indexOf(c) >= 0) {
                path.append(c);
            } else {
                path.append('%').append("%02X".formatted((int) c));
            }
        }
        return path.toString();
    }
}
