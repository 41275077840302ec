package dev.fanfare.routing;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Route;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Where rules lead: from one to another if a target of the first is a topic that the second takes from. There is
/// never a circle in it. One thread at a time.
public final class RouteGraph {

    /// How many rules a message may pass one after the other. A redirect is followed on the publisher's stack.
    static final int MAX_CHAIN = 64;

    /// How many rules an error names.
    private static final int NAMED = 10;

    /// Holds no rule yet.
    public RouteGraph() {}

    private final Map<String, Node> nodes = new LinkedHashMap<>();

    private static final class Node {
        private final Route route;
        private final Pattern from;
        private final List<Node> next = new ArrayList<>(0);
        private final List<Node> previous = new ArrayList<>(0);

        Node(Route route) {
            this.route = route;
            this.from = Pattern.of(route.from());
        }

        boolean leadsTo(Node other) {
            return route.to().stream().anyMatch(other.from::matches);
        }
    }

    /// Adds a rule.
    ///
    /// @throws FanfareException `BAD_REQUEST` when there is one of that name; or that names the circle it would
    ///     close, or a chain that would be longer than [#MAX_CHAIN]; then it is not added
    public void add(Route route) {
        if (nodes.containsKey(route.name())) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "route '" + route.name() + "' exists already; remove it first");
        }
        Node added = new Node(route);
        if (added.leadsTo(added)) {
            throw refused(route, "would send messages round in a circle", List.of(added, added));
        }
        for (Node node : nodes.values()) {
            if (added.leadsTo(node)) {
                added.next.add(node);
            }
            if (node.leadsTo(added)) {
                added.previous.add(node);
            }
        }
        Set<Node> before = new HashSet<>(added.previous);
        for (Node next : added.next) {
            List<Node> way = new ArrayList<>(List.of(added));
            if (reaches(next, before, new HashSet<>(), way)) {
                way.add(added);
                throw refused(route, "would send messages round in a circle", way);
            }
        }
        List<Node> after = longest(added, node -> node.next, new IdentityHashMap<>());
        List<Node> chain = new ArrayList<>(
                longest(added, node -> node.previous, new IdentityHashMap<>()).reversed());
        chain.addAll(after.subList(1, after.size()));
        if (chain.size() > MAX_CHAIN) {
            throw refused(route, "would make a chain of more than " + MAX_CHAIN + " routes", chain);
        }
        added.next.forEach(node -> node.previous.add(added));
        added.previous.forEach(node -> node.next.add(added));
        nodes.put(route.name(), added);
    }

    /// Has a rule in the place of the one of its name.
    ///
    /// @return false when it does not go together with the others: the one before is still there
    boolean exchange(Route route) {
        Node before = nodes.get(route.name());
        remove(route.name());
        try {
            add(route);
            return true;
        } catch (FanfareException refused) {
            if (before != null) {
                add(before.route);
            }
            return false;
        }
    }

    void remove(String name) {
        Node removed = nodes.remove(name);
        if (removed != null) {
            removed.next.forEach(node -> node.previous.remove(removed));
            removed.previous.forEach(node -> node.next.remove(removed));
        }
    }

    /// Whether a way leads from `at` to one of `goals`; added to `way` if so. As deep as the longest chain.
    private static boolean reaches(Node at, Set<Node> goals, Set<Node> seen, List<Node> way) {
        way.add(at);
        if (goals.contains(at)) {
            return true;
        }
        for (Node next : at.next) {
            if (seen.add(next) && reaches(next, goals, seen, way)) {
                return true;
            }
        }
        way.removeLast();
        return false;
    }

    /// The longest way from there, itself first.
    private static List<Node> longest(
            Node from, Function<Node, List<Node>> steps, IdentityHashMap<Node, List<Node>> known) {
        List<Node> before = known.get(from);
        if (before != null) {
            return before;
        }
        List<Node> way = new ArrayList<>();
        for (Node next : steps.apply(from)) {
            List<Node> candidate = longest(next, steps, known);
            if (candidate.size() > way.size()) {
                way = candidate;
            }
        }
        List<Node> whole = new ArrayList<>(List.of(from));
        whole.addAll(way);
        known.put(from, whole);
        return whole;
    }

    private static FanfareException refused(Route added, String why, List<Node> way) {
        String words =
                way.stream().limit(NAMED).map(node -> node.route.toString()).collect(Collectors.joining(", then "));
        return new FanfareException(
                ErrorCode.BAD_REQUEST,
                "route '" + added.name() + "' " + why + ": " + words + (way.size() > NAMED ? ", …" : ""));
    }
}
