package dev.fanfare.server.rest;

import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// A request body that must be a JSON object: its members as they were written. A member that is `null` counts as
/// absent.
final class JsonObject {

    private final byte[] text;

    /// What stands before a member's name in errors: empty, or the name of the member that this object is, and a dot.
    private final String path;

    private final Map<String, Value> members = new HashMap<>();

    /// Where a value stands in the text.
    private record Value(int from, int to) {}

    private JsonObject(byte[] text, String path) {
        this.text = text;
        this.path = path;
    }

    /// Reads a body.
    ///
    /// @throws Problem 400 when it is no JSON object, or one with the same member twice
    static JsonObject parse(byte[] body) {
        JsonObject object = new JsonObject(body, "");
        try {
            object.read();
            return object;
        } catch (JsonScanner.Malformed malformed) {
            throw Problem.notJson(malformed);
        }
    }

    /// A scanner at the first value of a body.
    ///
    /// @throws Problem 400 when the body is empty or not UTF-8
    static JsonScanner scan(byte[] body) {
        if (body.length == 0) {
            throw Problem.badRequest(400, "the body is empty; it must be JSON");
        }
        if (!Utf8.wellFormed(body, 0, body.length)) {
            throw Problem.badRequest(400, "the body is not well-formed UTF-8");
        }
        JsonScanner scanner = new JsonScanner(JsonScanner.DEPTH_MAX);
        scanner.begin(body, 0, body.length);
        return scanner;
    }

    private void read() {
        JsonScanner scanner = scan(text);
        if (scanner.peek() != '{') {
            scanner.skipValue(0);
            scanner.end();
            throw Problem.badRequest(400, "the body must be a JSON object");
        }
        for (boolean more = scanner.enterObject(); more; more = scanner.nextMember()) {
            int first = scanner.position();
            scanner.skipName();
            String name = JsonScanner.string(text, first, closingQuote(first));
            int from = scanner.position();
            scanner.skipValue(1);
            if (members.put(name, new Value(from, scanner.position())) != null) {
                throw Problem.badRequest(400, "the member " + path + Excerpt.of(name) + " is given twice");
            }
        }
        scanner.end();
    }

    private int closingQuote(int first) {
        int at = first + 1;
        while (text[at] != '"') {
            at += text[at] == '\\' ? 2 : 1;
        }
        return at;
    }

    /// Refuses every other member.
    ///
    /// @throws Problem 400 that names one there is not, and those there are
    void only(Set<String> known) {
        for (String name : members.keySet()) {
            if (!known.contains(name) && has(name)) {
                throw Problem.badRequest(
                        400,
                        "there is no member '" + path + Excerpt.of(name) + "' here; known are "
                                + String.join(", ", known));
            }
        }
    }

    /// Whether it has this member, and not as `null`.
    boolean has(String name) {
        Value value = members.get(name);
        return value != null && text[value.from] != 'n';
    }

    /// A member that must be a string if it is there.
    ///
    /// @throws Problem 400 when it is something else
    Optional<String> string(String name) {
        Value value = members.get(name);
        if (value == null || !has(name)) {
            return Optional.empty();
        }
        if (text[value.from] != '"') {
            throw Problem.badRequest(400, path + name + " must be a string");
        }
        return Optional.of(JsonScanner.string(text, value.from, value.to - 1));
    }

    /// A member that must be true or false if it is there.
    ///
    /// @throws Problem 400 when it is something else
    Optional<Boolean> flag(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        return switch (written(name)) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default ->
                throw Problem.badRequest(400, path + name + " must be true or false, not " + Excerpt.of(written(name)));
        };
    }

    /// A member that must be a string, or an array of strings, if it is there: one string is an array of one.
    ///
    /// @param most how many there may be
    /// @throws Problem 400 when it is something else, or there are more
    Optional<List<String>> strings(String name, int most) {
        Value value = members.get(name);
        if (value == null || !has(name)) {
            return Optional.empty();
        }
        if (text[value.from] != '[') {
            return string(name).map(List::of);
        }
        List<String> found = new ArrayList<>();
        JsonScanner scanner = new JsonScanner(JsonScanner.DEPTH_MAX);
        scanner.begin(text, value.from, value.to);
        for (boolean more = scanner.enterArray(); more; more = scanner.nextElement()) {
            int from = scanner.position();
            if (text[from] != '"') {
                throw Problem.badRequest(400, name + " must be an array of strings");
            }
            scanner.skipValue(1);
            found.add(JsonScanner.string(text, from, scanner.position() - 1));
            if (found.size() > most) {
                throw Problem.badRequest(400, name + " must have at most " + most + " entries");
            }
        }
        return Optional.of(found);
    }

    /// A member that must be an array of offsets if it is there.
    ///
    /// @param most how many there may be
    /// @throws Problem 400 when it is something else, or there are more
    Optional<List<Long>> offsets(String name, int most) {
        Value value = members.get(name);
        if (value == null || !has(name)) {
            return Optional.empty();
        }
        List<Long> found = new ArrayList<>();
        JsonScanner scanner = new JsonScanner(JsonScanner.DEPTH_MAX);
        scanner.begin(text, value.from, value.to);
        for (boolean more = text[value.from] == '[' && scanner.enterArray(); more; more = scanner.nextElement()) {
            int from = scanner.position();
            scanner.skipValue(1);
            String written = new String(text, from, scanner.position() - from, StandardCharsets.UTF_8);
            if (found.size() == most || !written.matches("\\d{1,18}")) {
                throw Problem.badRequest(400, name + " must be an array of at most " + most + " offsets");
            }
            found.add(Long.parseLong(written));
        }
        if (text[value.from] != '[') {
            throw Problem.badRequest(400, name + " must be an array of at most " + most + " offsets");
        }
        return Optional.of(found);
    }

    /// A member that must be a whole number if it is there.
    ///
    /// @throws Problem 400 when it is something else or out of bounds
    OptionalLong integer(String name, long min, long max) {
        if (!has(name)) {
            return OptionalLong.empty();
        }
        String written = written(name);
        if (written.matches("-?\\d{1,18}")) {
            long number = Long.parseLong(written);
            if (number >= min && number <= max) {
                return OptionalLong.of(number);
            }
        }
        throw Problem.badRequest(400, path + name + " must be a whole number from " + min + " to " + max);
    }

    /// A member that must be an object if it is there.
    ///
    /// @throws Problem 400 when it is something else, or has the same member twice
    Optional<JsonObject> object(String name) {
        Value value = members.get(name);
        if (value == null || !has(name)) {
            return Optional.empty();
        }
        if (text[value.from] != '{') {
            throw Problem.badRequest(400, path + name + " must be an object");
        }
        JsonObject object = new JsonObject(Arrays.copyOfRange(text, value.from, value.to), path + name + ".");
        object.read();
        return Optional.of(object);
    }

    /// A member as it was written; `null` if it is not there.
    String written(String name) {
        Value value = members.get(name);
        return value == null ? "null" : new String(text, value.from, value.to - value.from, StandardCharsets.UTF_8);
    }
}
