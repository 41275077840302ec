package dev.fanfare.topic;

import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The feeds of patterns, found by the name of a topic: one tree of segments per separator. A feed that is to
/// stay
/// whether its topic exists or not may have a plain name for its pattern. Guarded by the registry's lock.
final class PatternIndex {

    private final Map<Pattern, List<SharedFeed<?>>> byPattern = new HashMap<>();
    private final Map<String, Pattern> plain = new HashMap<>();
    private final Node slashes = new Node();
    private final Node dots = new Node();

    private static final class Node {
        private final Map<String, Node> children = new HashMap<>(2);
        private @Nullable Pattern here;

        boolean isEmpty() {
            return children.isEmpty() && here == null;
        }
    }

    /// How many distinct patterns there are.
    int size() {
        return byPattern.size();
    }

    boolean contains(Pattern pattern) {
        return byPattern.containsKey(pattern);
    }

    /// The feeds of this pattern, one per kind.
    List<SharedFeed<?>> of(Pattern pattern) {
        return byPattern.getOrDefault(pattern, List.of());
    }

    void add(SharedFeed<?> feed) {
        Pattern pattern = feed.pattern();
        byPattern.computeIfAbsent(pattern, key -> new ArrayList<>(1)).add(feed);
        if (!pattern.isWild()) {
            plain.put(pattern.text(), pattern);
            return;
        }
        Node node = root(pattern.separator());
        for (String segment : pattern.segments()) {
            node = node.children.computeIfAbsent(segment, key -> new Node());
        }
        node.here = pattern;
    }

    void remove(SharedFeed<?> feed) {
        Pattern pattern = feed.pattern();
        List<SharedFeed<?>> feeds = byPattern.get(pattern);
        if (feeds != null && feeds.remove(feed) && feeds.isEmpty()) {
            byPattern.remove(pattern);
            if (!pattern.isWild()) {
                plain.remove(pattern.text());
                return;
            }
            remove(root(pattern.separator()), pattern.segments(), 0);
        }
    }

    private static void remove(Node node, List<String> segments, int depth) {
        if (depth == segments.size()) {
            node.here = null;
            return;
        }
        Node child = node.children.get(segments.get(depth));
        if (child != null) {
            remove(child, segments, depth + 1);
            if (child.isEmpty()) {
                node.children.remove(segments.get(depth));
            }
        }
    }

    private Node root(char separator) {
        return separator == '/' ? slashes : dots;
    }

    /// Every feed whose pattern matches the name.
    List<SharedFeed<?>> matching(String name) {
        if (byPattern.isEmpty()) {
            return List.of();
        }
        List<SharedFeed<?>> found = new ArrayList<>();
        Consumer<Pattern> add = pattern -> found.addAll(of(pattern));
        Pattern named = plain.get(name);
        if (named != null) {
            add.accept(named);
        }
        walk(slashes, name, '/', 0, add);
        walk(dots, name, '.', 0, add);
        return found;
    }

    /// @param at where the name's next segment begins, −1 after the last
    private static void walk(Node node, String name, char separator, int at, Consumer<Pattern> found) {
        boolean wildcards = at != 0 || !name.startsWith("$");
        Node rest = node.children.get("**");
        if (rest != null && rest.here != null && wildcards) {
            found.accept(rest.here);
        }
        if (at < 0) {
            if (node.here != null) {
                found.accept(node.here);
            }
            return;
        }
        int separatorAt = name.indexOf(separator, at);
        String segment = name.substring(at, separatorAt < 0 ? name.length() : separatorAt);
        int next = separatorAt < 0 ? -1 : separatorAt + 1;
        Node literal = node.children.get(segment);
        if (literal != null) {
            walk(literal, name, separator, next, found);
        }
        Node one = node.children.get("*");
        if (one != null && wildcards) {
            walk(one, name, separator, next, found);
        }
    }

    /// Every feed.
    void forEach(Consumer<SharedFeed<?>> action) {
        byPattern.values().forEach(feeds -> feeds.forEach(action));
    }

    /// The feed of that kind.
    static @Nullable SharedFeed<?> ofKind(List<SharedFeed<?>> feeds, FeedKind<?> kind) {
        for (SharedFeed<?> feed : feeds) {
            if (feed.kind().equals(kind)) {
                return feed;
            }
        }
        return null;
    }
}
