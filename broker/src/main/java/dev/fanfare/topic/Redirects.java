package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Wakes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What takes a topic's messages before they are appended. Immutable, a part of the topic's [Plan].
final class Redirects {

    private final Redirecting[] rules;

    private Redirects(Redirecting[] rules) {
        this.rules = rules;
    }

    /// Those among the feeds of a plan; null when there are none.
    static @Nullable Redirects of(SharedFeed<?>[] feeds) {
        List<Redirecting> found = new ArrayList<>(0);
        for (SharedFeed<?> feed : feeds) {
            if (feed.kind() instanceof Redirecting rule) {
                found.add(rule);
            }
        }
        return found.isEmpty() ? null : new Redirects(found.toArray(new Redirecting[0]));
    }

    /// The feeds that messages are appended to.
    static SharedFeed<?>[] without(SharedFeed<?>[] feeds) {
        return Arrays.stream(feeds)
                .filter(feed -> !(feed.kind() instanceof Redirecting))
                .toArray(SharedFeed<?>[]::new);
    }

    /// Where a message goes instead of its topic; empty when no rule takes it.
    List<String> targets(String topic, Message draft) {
        List<String> targets = new ArrayList<>(1);
        for (Redirecting rule : rules) {
            if (rule.takes(topic, draft)) {
                targets.addAll(rule.targets());
            }
        }
        return targets;
    }

    /// Publishes a message to the targets of every rule that takes it. What the first target says is the answer;
    /// when it refuses, nothing is published anywhere, and the publisher is told.
    ///
    /// @param wakes null: waits for room
    /// @param with what is stored with the message at the first target; null for nothing
    /// @return null when no rule takes it
    @Nullable
    PublishResult publish(
            TopicRegistry registry,
            LiveTopic source,
            Message draft,
            @Nullable Wakes wakes,
            Committer.@Nullable Change with) {
        PublishResult answer = null;
        Message named = draft;
        for (Redirecting rule : rules) {
            if (!rule.takes(source.name(), draft)) {
                continue;
            }
            if (answer == null && draft.id().isEmpty()) {
                named = draft.withId(Section.newId());
            }
            for (String target : rule.targets()) {
                PublishResult result = registry.publish(target, named, wakes, answer == null ? with : null);
                Refused refused = result instanceof Refused no ? no : null;
                boolean first = answer == null;
                if (first && refused != null && refused.full() != null && wakes != null) {
                    // Nothing has failed: the publisher tries again when there is room.
                    return explained(rule, source, target, refused);
                }
                rule.redirected(source.name(), target, refused, first);
                if (first && refused != null) {
                    return explained(rule, source, target, refused);
                }
                answer = first ? result : answer;
            }
        }
        return answer;
    }

    private static Refused explained(Redirecting rule, LiveTopic source, String target, Refused refused) {
        return new Refused(
                refused.code(),
                "route '" + rule.name() + "' sends what is published to '" + source.name() + "' to '" + target + "': "
                        + refused.reason(),
                refused.full(),
                refused.waitMillis(),
                refused.limit());
    }
}
