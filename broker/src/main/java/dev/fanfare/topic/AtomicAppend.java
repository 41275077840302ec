package dev.fanfare.topic;

import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Wakes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Appends to several topics in one go: all of it or nothing, while nobody else appends to any of them.
///
/// The sections are entered in one order for everybody: first the one that topics with a global order share, then
/// the others by their topics' names. Backlogs are locked inside of them. Nothing that holds a backlog's lock
/// enters a section.
public final class AtomicAppend {

    /// In which order the sections of several topics are entered.
    static final Comparator<LiveTopic> SECTION_ORDER = Comparator.<LiveTopic, Boolean>comparing(
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

        /// What has to be stored together with the messages, after [#apply].
        default List<Committer.Change> changes() {
            return List.of();
        }

        /// After [#lock], whatever became of it.
        void unlock();

        /// What was applied was not stored: it has never happened. Under no lock.
        default void undo() {}
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

    /// What became of all of it.
    ///
    /// @param results for each message what became of it
    /// @param commit tells when that holds; null when it does already
    /// @param refused why nothing was done; null when all was
    /// @param topic whose refusal that is; null when it is that of no topic
    public record Outcome(
            List<PublishResult> results,
            @Nullable Commit commit,
            @Nullable Refused refused,
            @Nullable String topic) {

        /// Nothing was done.
        public static Outcome refusal(Refused why, @Nullable String topic) {
            return new Outcome(List.of(), null, why, topic);
        }

        static Outcome placed(List<PublishResult> results, @Nullable Commit commit) {
            return new Outcome(results, commit, null, null);
        }
    }

    /// Appends all, if nothing refuses any of them and the condition holds. Does not wait for a commit.
    public Outcome run(Condition condition) {
        TreeSet<LiveTopic> topics = new TreeSet<>(SECTION_ORDER);
        parts.forEach(part -> topics.add(part.topic));
        Outcome outcome;
        topics.forEach(LiveTopic::enter);
        try {
            Outcome refused = refusal(topics);
            outcome = refused == null ? append(topics, condition) : refused;
        } finally {
            topics.descendingSet().forEach(LiveTopic::leave);
        }
        Commit commit = outcome.commit();
        if (commit != null) {
            commit.onDone(failure -> {
                if (failure != null) {
                    condition.undo();
                }
            });
        } else if (outcome.refused() == null) {
            afterwards(topics);
        }
        return outcome;
    }

    /// Inside the sections.
    private Outcome append(Set<LiveTopic> topics, Condition condition) {
        boolean waits = topics.stream().anyMatch(topic -> topic.appending().mustCommit());
        condition.lock();
        try {
            String failure = condition.failure();
            if (failure != null) {
                return Outcome.refusal(new Refused(ErrorCode.BAD_REQUEST, failure), null);
            }
            List<PublishResult> results = parts.stream()
                    .map(part -> part.topic.appending().place(part.draft))
                    .toList();
            condition.apply();
            if (!waits && condition.changes().isEmpty()) {
                reveal(topics);
                return Outcome.placed(results, null);
            }
            Commit commit = registry.committer().addTogether(topics, level(), condition.changes());
            if (commit != null) {
                return Outcome.placed(results, commit);
            }
            topics.forEach(topic -> topic.appending().takeBack());
            // It is over already: who undoes what was applied does so when the sections are left.
            Commit failed = new Commit();
            failed.finish(registry.committer().refuseNow());
            return Outcome.placed(results, failed);
        } finally {
            condition.unlock();
        }
    }

    /// Inside the sections: makes all visible that was placed.
    private static void reveal(Set<LiveTopic> topics) {
        for (LiveTopic topic : topics) {
            GlobalOrder order = topic.appending().shared();
            if (order == null) {
                topic.appending().reveal(topic.log().end());
            } else {
                order.reveal(each -> each.log().end(), Long.MAX_VALUE);
            }
        }
    }

    private Durability level() {
        Durability level = Durability.WRITTEN;
        for (Part part : parts) {
            level = level.or(part.draft.durability());
        }
        return level;
    }

    private static @Nullable Outcome refusal(Iterable<LiveTopic> topics) {
        for (LiveTopic topic : topics) {
            Refused refused = topic.appending().refusal();
            if (refused != null) {
                return Outcome.refusal(refused, topic.name());
            }
        }
        return null;
    }

    private void afterwards(Iterable<LiveTopic> topics) {
        registry.appended(false);
        Wakes wakes = new Wakes();
        topics.forEach(topic -> topic.plan().noteIn(wakes));
        wakes.flush();
    }
}
