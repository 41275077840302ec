package dev.fanfare.server.rest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A method and a path that an [Endpoint] answers.
///
/// @param method in capitals; `GET` answers `HEAD` too
/// @param path such as `/topics/{name}`; a part in braces takes any one segment
/// @param need what somebody has to be allowed for it
/// @param endpoint what answers
public record Route(String method, String path, Need need, Endpoint endpoint) {

    /// A route that is answered at once.
    static Route quick(String method, String path, Need need, Endpoint.Quick endpoint) {
        return new Route(method, path, need, endpoint);
    }

    /// A route that is answered when something has happened.
    static Route later(String method, String path, Need need, Endpoint.Later endpoint) {
        return new Route(method, path, need, endpoint);
    }

    /// A route that takes its time.
    static Route slow(String method, String path, Need need, Endpoint.Slow endpoint) {
        return new Route(method, path, need, endpoint);
    }

    /// What the variable parts of the path are in these decoded segments; null if the path is another.
    @Nullable
    Map<String, String> match(List<String> segments) {
        List<String> parts = parts();
        if (parts.size() != segments.size()) {
            return null;
        }
        Map<String, String> variables = new HashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i);
            if (part.startsWith("{")) {
                variables.put(part.substring(1, part.length() - 1), segments.get(i));
            } else if (!part.equals(segments.get(i))) {
                return null;
            }
        }
        return variables;
    }

    private List<String> parts() {
        List<String> parts = new ArrayList<>(List.of(path.substring(1).split("/", -1)));
        parts.removeIf(String::isEmpty);
        return parts;
    }
}
