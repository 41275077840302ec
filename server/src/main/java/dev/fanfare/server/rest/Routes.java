package dev.fanfare.server.rest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// The routes of one listener. Immutable.
public final class Routes {

    /// What a method and a path lead to.
    public sealed interface Match {}

    /// A route.
    ///
    /// @param variables the variable parts of the path
    public record Found(Route route, Map<String, String> variables) implements Match {}

    /// The path exists, but not for this method.
    ///
    /// @param allowed the methods it exists for, as in the header `Allow`
    public record WrongMethod(String allowed) implements Match {}

    /// There is no such path.
    public record Nothing() implements Match {}

    private final List<Route> routes;

    /// @param routes the first that matches answers
    public Routes(List<Route> routes) {
        this.routes = List.copyOf(routes);
    }

    /// All of them.
    public List<Route> all() {
        return routes;
    }

    /// Finds what answers.
    ///
    /// @param segments of the path, decoded
    public Match match(String method, List<String> segments) {
        String wanted = method.equals("HEAD") ? "GET" : method;
        List<String> methods = new ArrayList<>();
        for (Route route : routes) {
            Map<String, String> variables = route.match(segments);
            if (variables != null && route.method().equals(wanted)) {
                return new Found(route, variables);
            }
            if (variables != null) {
                methods.add(route.method());
            }
        }
        return methods.isEmpty() ? new Nothing() : new WrongMethod(allow(methods));
    }

    private static String allow(List<String> methods) {
        TreeSet<String> allowed = new TreeSet<>(methods);
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        allowed.add("OPTIONS");
        return String.join(", ", allowed);
    }
}
