package dev.fanfare.topic;

import dev.fanfare.feed.Pattern;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The topics by name: one of them, all in the order of their names, those that a pattern matches. Readers take no
/// lock and may or may not see what changes meanwhile; the registry's lock is held to change something.
final class TopicDirectory {

    /// How many names that begin alike are passed over one by one before the rest of them is jumped over.
    private static final int STEPS_BEFORE_JUMP = 8;

    private final ConcurrentHashMap<String, LiveTopic> byName = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<String, LiveTopic> sorted = new ConcurrentSkipListMap<>();

    void add(LiveTopic topic) {
        // Found by name, it is published to: by then every pattern's search must find it as well.
        sorted.put(topic.name(), topic);
        byName.put(topic.name(), topic);
    }

    @Nullable
    LiveTopic remove(String name) {
        LiveTopic topic = byName.remove(name);
        if (topic != null) {
            sorted.remove(name);
        }
        return topic;
    }

    void clear() {
        byName.clear();
        sorted.clear();
    }

    @Nullable
    LiveTopic find(String name) {
        return byName.get(name);
    }

    /// In no order.
    Collection<LiveTopic> all() {
        return byName.values();
    }

    int size() {
        return byName.size();
    }

    /// Those whose names begin with `prefix` and come after `after`, in the order of their names.
    Stream<LiveTopic> list(String prefix, String after) {
        boolean skip = after.compareTo(prefix) >= 0;
        return sorted.tailMap(skip ? after : prefix, !skip).values().stream()
                .takeWhile(topic -> topic.name().startsWith(prefix));
    }

    /// Calls `action` for each topic that the pattern matches. Looks only at names that begin with the pattern's
    /// first literal segments, and behind a wildcard only at those that go on with the next ones.
    void matching(Pattern pattern, Consumer<LiveTopic> action) {
        if (pattern.isWild()) {
            search(pattern, 0, "", action);
        } else {
            offer(pattern.text(), action);
        }
    }

    private void offer(String name, Consumer<LiveTopic> action) {
        LiveTopic topic = byName.get(name);
        if (topic != null) {
            action.accept(topic);
        }
    }

    /// @param index of the segment to go on with
    /// @param begin the segments before it, as they stand in the names, each with its separator
    private void search(Pattern pattern, int index, String begin, Consumer<LiveTopic> action) {
        List<String> segments = pattern.segments();
        String prefix = begin;
        int at = index;
        while (!segments.get(at).startsWith("*")) {
            String name = prefix + segments.get(at);
            boolean last = at == segments.size() - 1;
            if (last || segments.get(at + 1).equals("**")) {
                offer(name, action);
            }
            if (last) {
                return;
            }
            prefix = name + pattern.separator();
            at++;
        }
        if (segments.subList(at, segments.size()).stream().allMatch(segment -> segment.startsWith("*"))) {
            scan(pattern, prefix, action);
        } else {
            searchGroups(pattern, at, prefix, action);
        }
    }

    /// Only wildcards are left: looks at every name.
    private void scan(Pattern pattern, String prefix, Consumer<LiveTopic> action) {
        for (LiveTopic topic : sorted.tailMap(prefix).values()) {
            if (!topic.name().startsWith(prefix)) {
                return;
            }
            if (pattern.matches(topic.name())) {
                action.accept(topic);
            }
        }
    }

    /// A wildcard with a literal segment somewhere behind it: goes on within each group of names that have the same
    /// segment in the wildcard's place. The names of a group stand together in the order of names.
    private void searchGroups(Pattern pattern, int at, String prefix, Consumer<LiveTopic> action) {
        char separator = pattern.separator();
        String group = null;
        int steps = 0;
        Iterator<LiveTopic> names = sorted.tailMap(prefix).values().iterator();
        while (names.hasNext()) {
            String name = names.next().name();
            if (!name.startsWith(prefix)) {
                return;
            }
            int end = name.indexOf(separator, prefix.length());
            if (end < 0) {
                continue;
            }
            if (group == null || !name.startsWith(group)) {
                group = name.substring(0, end + 1);
                steps = 0;
                if (at > 0 || !name.startsWith("$")) {
                    search(pattern, at + 1, group, action);
                }
            } else if (++steps == STEPS_BEFORE_JUMP) {
                String afterGroup = name.substring(0, end) + (char) (separator + 1);
                names = sorted.tailMap(afterGroup).values().iterator();
            }
        }
    }
}
