package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Wakes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Appends to several topics in one go: all of it or nothing, while nobody else appends to any of them.
///
/// The sections are entered in one order for everybody: first the one that topics with a global order share, then
/// the others by their topics' names. Backlogs are locked inside of them. Nothing that holds a backlog's lock enters a
/// section.
public final class AtomicAppend {

    private static final Comparator<LiveTopic> SECTION_ORDER = Comparator.<LiveTopic, Boolean>comparing(
                    topic -> topic.config().ordering() != Ordering.GLOBAL)
            .thenComparing(LiveTopic::name);

    /// What else must hold and be done for the messages to be appended.
    public interface Condition {

        /// Keeps others from changing what it depends on.
        void lock();

        /// Why it does not hold; null when it does.
        @Nullable
        String failure();

        /// Does what belongs to it: it holds, and the messages are appended.
        void apply();

        /// After [#lock], whatever became of it.
        void unlock();
    }

    private record Part(LiveTopic topic, Message draft) {}

    private final TopicRegistry registry;
    private final List<Part> parts = new ArrayList<>();

    /// Nothing to append yet.
    public AtomicAppend(TopicRegistry registry) {
        this.registry = registry;
    }

    /// One message more.
    ///
    /// @param draft with an id
    /// @throws dev.fanfare.FanfareException what [TopicRegistry#require] says
    public void add(String topic, Message draft) {
        parts.add(new Part(registry.require(topic), draft));
    }

    /// Appends all, if nothing refuses any of them and the condition holds.
    ///
    /// @return for each message what became of it; or one refusal, and nothing was done
    public List<PublishResult> run(Condition condition) {
        TreeSet<LiveTopic> topics = new TreeSet<>(SECTION_ORDER);
        parts.forEach(part -> topics.add(part.topic));
        List<PublishResult> results = new ArrayList<>(parts.size());
        topics.forEach(LiveTopic::enter);
        try {
            Refused refused = refusal(topics);
            if (refused != null) {
                return List.of(refused);
            }
            condition.lock();
            try {
                String failure = condition.failure();
                if (failure != null) {
                    return List.of(new Refused(ErrorCode.BAD_REQUEST, failure));
                }
                for (Part part : parts) {
                    results.add(part.topic.place(part.draft));
                }
                topics.forEach(LiveTopic::reveal);
                condition.apply();
            } finally {
                condition.unlock();
            }
        } finally {
            topics.descendingSet().forEach(LiveTopic::leave);
        }
        afterwards(topics, results);
        return results;
    }

    private static @Nullable Refused refusal(Iterable<LiveTopic> topics) {
        for (LiveTopic topic : topics) {
            Refused refused = topic.refusal();
            if (refused != null) {
                return refused;
            }
        }
        return null;
    }

    private void afterwards(Iterable<LiveTopic> topics, List<PublishResult> results) {
        registry.appended(false);
        Wakes wakes = new Wakes();
        topics.forEach(topic -> topic.plan().noteIn(wakes));
        wakes.flush();
        for (int i = 0; i < parts.size(); i++) {
            if (results.get(i) instanceof Accepted(var id, var epoch, var offset, var millis, var duplicate)
                    && !duplicate) {
                String name = parts.get(i).topic.name();
                registry.events().emitMessage(() -> new BrokerEvent.MessageEnqueued(name, offset, id));
            }
        }
    }
}
