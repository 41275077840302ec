package dev.fanfare.routing;

import dev.fanfare.Filter;
import dev.fanfare.Route;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How a rule is stored, under its name.
///
/// @param number in the order in which rules were added
/// @param route the rule
record RouteForm(long number, Route route) {

    private static final int FORM = 1;

    private static final int ALL = 0;
    private static final int TYPES = 1;
    private static final int HEADERS = 2;
    private static final int BOTH = 3;
    private static final int WORDS = 4;

    /// Whether a filter can be told in words that mean the same in every process.
    static boolean canBeStored(Route route) {
        Filter filter = route.filter();
        return filter == null || filter.words().isPresent();
    }

    byte[] toBytes() {
        ByteWriter out = new ByteWriter(256)
                .octet(FORM)
                .number(number)
                .text(route.from())
                .text(route.mode().name())
                .number(route.to().size());
        route.to().forEach(out::text);
        write(out, route.filter());
        return out.toByteArray();
    }

    private static void write(ByteWriter out, @Nullable Filter filter) {
        switch (filter) {
            case null -> out.octet(ALL);
            case Filter.Types(Set<String> types) -> {
                out.octet(TYPES).number(types.size());
                types.forEach(out::text);
            }
            case Filter.Headers(Map<String, String> headers) -> {
                out.octet(HEADERS).number(headers.size());
                headers.forEach((name, value) -> out.text(name).text(value));
            }
            case Filter.Both(Filter first, Filter second) -> {
                out.octet(BOTH);
                write(out, first);
                write(out, second);
            }
            default -> out.octet(WORDS).text(filter.words().orElseThrow());
        }
    }

    /// @param understands the words of other filters
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    /// @throws dev.fanfare.FanfareException when the rule can't be had in this version
    static RouteForm of(String name, byte[] stored, Function<String, Filter> understands) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("route '" + name + "' is stored in an unknown form");
        }
        long number = in.number();
        String from = in.text();
        String mode = in.text();
        List<String> to = new ArrayList<>();
        for (int left = in.number(Route.MAX_TARGETS); left > 0; left--) {
            to.add(in.text());
        }
        Filter filter = filter(in, understands);
        return new RouteForm(number, new Route(name, from, to, Route.Mode.valueOf(mode), filter));
    }

    private static @Nullable Filter filter(ByteReader in, Function<String, Filter> understands) {
        int kind = in.octet();
        return switch (kind) {
            case ALL -> null;
            case TYPES -> {
                Set<String> types = new HashSet<>();
                for (long left = in.number(); left > 0; left--) {
                    types.add(in.text());
                }
                yield new Filter.Types(types);
            }
            case HEADERS -> {
                Map<String, String> headers = new HashMap<>();
                for (long left = in.number(); left > 0; left--) {
                    headers.put(in.text(), in.text());
                }
                yield new Filter.Headers(headers);
            }
            case BOTH -> {
                Filter first = filter(in, understands);
                Filter second = filter(in, understands);
                if (first == null || second == null) {
                    throw in.corrupt("half of a filter is missing");
                }
                yield new Filter.Both(first, second);
            }
            case WORDS -> understands.apply(in.text());
            default -> throw in.corrupt("a filter of kind " + kind + " is unknown");
        };
    }
}
