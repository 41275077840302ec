package dev.fanfare;

import dev.fanfare.routing.RouteGraph;
import java.util.List;
import java.util.function.Function;

/// The routes a broker begins with, and their bounds. Immutable.
///
/// @param routes those there are from the start
/// @param maxRoutes the most there may be, 0 to 10,000
/// @param queue how many messages may wait for one route to copy them, 1 to 1,000,000; above it publishers wait,
///     at most [BrokerConfig#blockTimeout], and are refused then
/// @param restores whether those that were added to an earlier broker of the same store are there again
/// @param filters understands the [Filter#words] of filters that are not of this library, so that routes with them can
///     be brought back; it throws a [FanfareException] for what it does not understand
public record RoutingConfig(
        List<Route> routes, int maxRoutes, int queue, boolean restores, Function<String, Filter> filters) {

    private static final RoutingConfig DEFAULTS =
            new RoutingConfig(List.of(), 1_000, 10_000, true, RoutingConfig::unknown);

    /// Checks the bounds, and that the routes go together: see [Routes#add].
    public RoutingConfig {
        routes = List.copyOf(routes);
        check("maxRoutes", maxRoutes, 0, 10_000);
        check("the queue of a route", queue, 1, 1_000_000);
        check("the number of routes (which maxRoutes limits)", routes.size(), 0, maxRoutes);
        RouteGraph graph = new RouteGraph();
        routes.forEach(graph::add);
    }

    private static Filter unknown(String words) {
        throw new FanfareException(ErrorCode.BAD_REQUEST, "nobody here understands the filter '" + words + "'");
    }

    private static void check(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, what + " must be " + min + " to " + max + ", not " + value);
        }
    }

    /// No route; up to 1,000, for each of which up to 10,000 messages wait.
    public static RoutingConfig defaults() {
        return DEFAULTS;
    }

    /// This with those parts of another that a broker can change while it runs: see [Broker#reconfigure].
    RoutingConfig withMutable(RoutingConfig other) {
        return new RoutingConfig(other.routes, other.maxRoutes, other.queue, restores, filters);
    }

    /// The same with other [#routes].
    public RoutingConfig withRoutes(List<Route> rules) {
        return new RoutingConfig(rules, maxRoutes, queue, restores, filters);
    }

    /// The same with another [#maxRoutes].
    public RoutingConfig withMaxRoutes(int most) {
        return new RoutingConfig(routes, most, queue, restores, filters);
    }

    /// The same with another [#queue].
    public RoutingConfig withQueue(int messages) {
        return new RoutingConfig(routes, maxRoutes, messages, restores, filters);
    }

    /// The same with another [#restores].
    public RoutingConfig withRestores(boolean value) {
        return new RoutingConfig(routes, maxRoutes, queue, value, filters);
    }

    /// The same with other [#filters].
    public RoutingConfig withFilters(Function<String, Filter> understands) {
        return new RoutingConfig(routes, maxRoutes, queue, restores, understands);
    }
}
