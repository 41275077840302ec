package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.Filter;
import dev.fanfare.RouteStats;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.filter.Expressions;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Rules by which messages go from topic to topic, over REST, standard dialect.
final class RouteCalls {

    private static final Set<String> KNOWN = new TreeSet<>(Set.of("name", "from", "to", "mode", "types", "filter"));

    private static final int TYPES_MAX = 100;

    private final Broker broker;

    RouteCalls(Broker broker) {
        this.broker = broker;
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", "/routes", Need.EVERYTHING, this::list),
                Route.slow("POST", "/routes", Need.EVERYTHING, this::add),
                Route.slow("GET", "/routes/{name}", Need.EVERYTHING, this::describe),
                Route.slow("DELETE", "/routes/{name}", Need.EVERYTHING, this::remove));
    }

    private Answer list(Call call) {
        return Answer.json(200, out -> {
            out.raw("{\"routes\":[");
            String separator = "";
            for (RouteStats route : broker.routes().stats()) {
                out.raw(separator);
                write(out, route);
                separator = ",";
            }
            out.raw("]}");
        });
    }

    private Answer describe(Call call) {
        String name = call.variable("name");
        RouteStats found = broker.routes().stats().stream()
                .filter(route -> route.route().name().equals(name))
                .findFirst()
                .orElseThrow(() -> notFound(name));
        return Answer.json(200, out -> write(out, found));
    }

    private Answer add(Call call) {
        JsonObject body = JsonObject.parse(call.body());
        body.only(KNOWN);
        dev.fanfare.Route route = new dev.fanfare.Route(
                body.string("name").orElseThrow(() -> Problem.badRequest(400, "name is required")),
                body.string("from").orElseThrow(() -> Problem.badRequest(400, "from is required")),
                body.strings("to", dev.fanfare.Route.MAX_TARGETS)
                        .orElseThrow(() -> Problem.badRequest(400, "to is required")),
                body.string("mode").map(RouteCalls::mode).orElse(dev.fanfare.Route.Mode.COPY));
        Filter wanted = Expressions.both(
                body.strings("types", TYPES_MAX)
                        .map(types -> Filter.types(types.toArray(String[]::new)))
                        .orElse(null),
                body.string("filter").map(Expressions::filter).orElse(null));
        if (wanted != null) {
            route = route.when(wanted);
        }
        route.to().forEach(TopicCalls::ownByClients);
        if (route.mode() == dev.fanfare.Route.Mode.REDIRECT) {
            TopicCalls.ownByClients(route.from());
        }
        if (broker.routes().find(route.name()).isPresent()) {
            throw Problem.badRequest(409, "route '" + route.name() + "' exists already; delete it first");
        }
        broker.routes().add(route);
        String name = route.name();
        return Answer.json(
                        201,
                        out -> out.raw("{\"status\":\"created\",\"route\":")
                                .string(name)
                                .raw("}"))
                .with("Location", "/routes/" + Paths.segment(name));
    }

    private static dev.fanfare.Route.Mode mode(String text) {
        return switch (text) {
            case "copy" -> dev.fanfare.Route.Mode.COPY;
            case "redirect" -> dev.fanfare.Route.Mode.REDIRECT;
            default -> throw Problem.badRequest(400, "mode must be copy or redirect, not '" + Excerpt.of(text) + "'");
        };
    }

    private Answer remove(Call call) {
        String name = call.variable("name");
        if (!broker.routes().remove(name)) {
            throw notFound(name);
        }
        return Answer.json(
                200,
                out -> out.raw("{\"status\":\"deleted\",\"route\":")
                        .string(name)
                        .raw("}"));
    }

    private static Problem notFound(String name) {
        return Problem.badRequest(404, "there is no route '" + Excerpt.of(name) + "'");
    }

    private static void write(JsonBytes out, RouteStats stats) {
        dev.fanfare.Route route = stats.route();
        out.raw("{\"name\":").string(route.name()).raw(",\"from\":").string(route.from());
        out.raw(",\"to\":");
        names(out, route.to());
        out.raw(",\"mode\":").string(route.mode().name().toLowerCase(Locale.ROOT));
        filter(out, route.filter());
        out.raw(",\"routed\":").number(stats.routed());
        out.raw(",\"failed\":").number(stats.failed());
        out.raw(",\"filter_failures\":").number(stats.filterFailures());
        out.raw(",\"waiting\":").number(stats.waiting()).raw("}");
    }

    /// What of a filter can be told.
    private static void filter(JsonBytes out, @Nullable Filter filter) {
        switch (filter) {
            case null -> {}
            case Filter.Types types -> {
                out.raw(",\"types\":");
                names(out, types.types().stream().sorted().toList());
            }
            case Filter.Both both -> {
                filter(out, both.first());
                filter(out, both.second());
            }
            default -> out.raw(",\"filter\":").string(filter.toString());
        }
    }

    /// An array of names.
    static void names(JsonBytes out, List<String> names) {
        out.raw("[");
        String separator = "";
        for (String name : names) {
            out.raw(separator).string(name);
            separator = ",";
        }
        out.raw("]");
    }
}
