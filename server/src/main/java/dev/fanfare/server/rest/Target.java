package dev.fanfare.server.rest;

import dev.fanfare.protocol.Excerpt;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What a request is addressed to. Segments are split first and decoded then, so that a topic's name may hold a `/`
/// written as `%2F`; no segment is ever a way through a file system.
///
/// @param path the path as it was sent, for the log
/// @param segments decoded; empty for `/`
/// @param query names and values, decoded
public record Target(String path, List<String> segments, Map<String, String> query) {

    /// Reads the target of a request line.
    ///
    /// @throws Problem 400 for one that is malformed
    public static Target parse(String uri) {
        String target = uri;
        int authority = target.startsWith("/") ? -1 : target.indexOf("://");
        if (authority > 0) {
            int slash = target.indexOf('/', authority + 3);
            target = slash < 0 ? "/" : target.substring(slash);
        }
        if (!target.startsWith("/")) {
            throw Problem.badRequest(400, "the request target must begin with '/'");
        }
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        List<String> segments = new ArrayList<>();
        if (path.length() > 1) {
            for (String segment : path.substring(1).split("/", -1)) {
                segments.add(decode(segment, "the path"));
            }
        }
        return new Target(path, segments, question < 0 ? Map.of() : query(target.substring(question + 1)));
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String pair : text.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = decode(plus(equals < 0 ? pair : pair.substring(0, equals)), "the query");
            String value = equals < 0 ? "" : decode(plus(pair.substring(equals + 1)), "the query");
            if (query.put(name, value) != null) {
                throw Problem.badRequest(400, "parameter " + Excerpt.of(name) + " is given twice");
            }
        }
        return query;
    }

    private static String plus(String text) {
        return text.replace('+', ' ');
    }

    private static String decode(String text, String where) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
                int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw Problem.badRequest(400, "malformed percent-encoding in " + where);
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else {
                // The HTTP decoder hands out one char per byte.
                bytes.write(c);
            }
        }
        try {
            String decoded = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
            if (decoded.chars().anyMatch(c -> c == 0)) {
                throw Problem.badRequest(400, "a NUL character in " + where);
            }
            return decoded;
        } catch (CharacterCodingException notUtf8) {
            throw Problem.badRequest(400, where + " is not UTF-8");
        }
    }
}
