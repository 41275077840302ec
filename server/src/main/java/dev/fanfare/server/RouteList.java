package dev.fanfare.server;

import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Route;
import dev.fanfare.server.filter.Expressions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/// Reads the setting `routes`: a list of rules in YAML, of which JSON is a part.
final class RouteList {

    private static final Set<String> KNOWN = new TreeSet<>(Set.of("name", "from", "to", "mode", "types", "filter"));

    private final JsonParser yaml;
    private int number;

    private RouteList(JsonParser yaml) {
        this.yaml = yaml;
    }

    static SettingType<List<Route>> type() {
        return SettingType.list(
                "a list such as [{\"name\": \"audit\", \"from\": \"orders.*\", \"to\": [\"audit\"]}]",
                RouteList::parse);
    }

    /// The rules of a text.
    ///
    /// @throws SettingException that says which one is wrong, and what
    private static List<Route> parse(String text) {
        try (JsonParser yaml = new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
            return new RouteList(yaml).routes();
        } catch (JacksonException malformed) {
            throw new SettingException("it is neither YAML nor JSON: "
                    + malformed.getOriginalMessage().lines().findFirst().orElse(""));
        }
    }

    private List<Route> routes() {
        List<Route> routes = new ArrayList<>();
        JsonToken first = yaml.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return routes;
        }
        if (first != JsonToken.START_ARRAY) {
            throw new SettingException("expected a list of routes, each with name, from and to");
        }
        for (JsonToken entry = yaml.nextToken(); entry != JsonToken.END_ARRAY; entry = yaml.nextToken()) {
            number++;
            if (entry != JsonToken.START_OBJECT) {
                throw wrong("expected name, from and to");
            }
            routes.add(route());
        }
        return routes;
    }

    private Route route() {
        Map<String, List<String>> members = new HashMap<>();
        while (yaml.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = yaml.currentName();
            if (!KNOWN.contains(name)) {
                throw wrong("there is no member '" + name + "'; known are " + String.join(", ", KNOWN));
            }
            if (members.put(name, values(name)) != null) {
                throw wrong(name + " is given twice");
            }
        }
        Route.Mode mode = switch (members.containsKey("mode") ? one(members, "mode") : "copy") {
            case "copy" -> Route.Mode.COPY;
            case "redirect" -> Route.Mode.REDIRECT;
            default -> throw wrong("mode must be copy or redirect");
        };
        List<String> to = members.get("to");
        if (to == null) {
            throw wrong("to is missing");
        }
        try {
            Route route = new Route(one(members, "name"), one(members, "from"), to, mode);
            List<String> types = members.get("types");
            Filter wanted = Expressions.both(
                    types == null ? null : Filter.types(types.toArray(String[]::new)),
                    members.containsKey("filter") ? Expressions.filter(one(members, "filter")) : null);
            return wanted == null ? route : route.when(wanted);
        } catch (FanfareException illegal) {
            throw wrong(illegal.getMessage());
        }
    }

    private String one(Map<String, List<String>> members, String name) {
        List<String> values = members.get(name);
        if (values == null || values.size() != 1) {
            throw wrong(values == null ? name + " is missing" : name + " must be one text");
        }
        return values.getFirst();
    }

    private List<String> values(String name) {
        JsonToken token = yaml.nextToken();
        if (token != JsonToken.START_ARRAY) {
            return List.of(scalar(name, token));
        }
        List<String> found = new ArrayList<>();
        for (JsonToken entry = yaml.nextToken(); entry != JsonToken.END_ARRAY; entry = yaml.nextToken()) {
            found.add(scalar(name, entry));
        }
        return found;
    }

    private String scalar(String name, JsonToken token) {
        if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
            throw wrong(name + " must be a text"
                    + (name.equals("to") || name.equals("types") ? " or a list of texts" : ""));
        }
        return yaml.getString();
    }

    private SettingException wrong(String what) {
        return new SettingException("route " + number + ": " + what);
    }
}
