package dev.fanfare.topic;

import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.feed.Pattern;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/// The topics deleted lately, so that a subscription of a pattern that resumes is not told that it lost nothing
/// when messages went away together with their topic. Remembers [#CAPACITY] of them, and of older ones only that
/// they were. Any thread.
final class DeletedTopics {

    private static final int CAPACITY = 1_000;

    private final Deque<Deleted> deleted = new ArrayDeque<>();

    /// The highest timestamp of a message whose topic was deleted and is no longer remembered.
    private long forgottenTimestamp = -1;

    private record Deleted(String name, String epoch, long end, long lastTimestamp) {}

    synchronized void add(LiveTopic topic) {
        if (topic.visible() == 0) {
            return; // nothing went away with it
        }
        if (deleted.size() == CAPACITY) {
            forgottenTimestamp = Math.max(forgottenTimestamp, deleted.remove().lastTimestamp);
        }
        deleted.add(new Deleted(
                topic.name(), topic.epoch(), topic.visible(), topic.log().lastTimestamp()));
    }

    /// Whether nothing went away that the pattern would have heard after `start`.
    ///
    /// @param judged the topics that exist, which have been judged by their logs
    synchronized boolean nothingLost(Pattern pattern, Start.AfterAll start, Set<String> judged) {
        long time = Start.millis(start.time());
        boolean seenToTheEnd = start.topics().entrySet().stream()
                .filter(entry -> pattern.matches(entry.getKey()) && !judged.contains(entry.getKey()))
                .allMatch(entry -> seenToTheEnd(entry.getKey(), entry.getValue()));
        return seenToTheEnd
                && forgottenTimestamp < time
                && deleted.stream()
                        .noneMatch(topic -> topic.lastTimestamp >= time
                                && !start.topics().containsKey(topic.name)
                                && pattern.matches(topic.name));
    }

    /// Whether a topic that is gone had no message after this position.
    private boolean seenToTheEnd(String name, Position last) {
        return deleted.stream()
                .anyMatch(topic ->
                        topic.name.equals(name) && topic.epoch.equals(last.epoch()) && topic.end == last.offset() + 1);
    }
}
