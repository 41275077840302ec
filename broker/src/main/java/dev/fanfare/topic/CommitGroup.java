package dev.fanfare.topic;

import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.PublishResult.Refused;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What is committed together. Guarded by the committer's lock until it is taken out, then the committing thread's.
final class CommitGroup {

    private final Map<LiveTopic, CommitPart> parts = new LinkedHashMap<>(4);
    private final List<Committer.Change> changes = new ArrayList<>(4);

    /// What has to be stored before anything else, since storing failed.
    private final List<Committer.Change> mending = new ArrayList<>(0);

    /// Those of the changes that count when they outlive the power; the others do when they are written.
    private final Set<Committer.Change> toSync = Collections.newSetFromMap(new IdentityHashMap<>(0));

    /// The topics whose parts become visible together, as far as there are such.
    private final List<List<LiveTopic>> together = new ArrayList<>(0);

    private final Commit written = new Commit();
    private final Commit synced = new Commit();
    private boolean urgent;
    private boolean syncs;
    private long cost;

    /// How safe it has to be before the last of those that share one order is seen, and with it what comes behind.
    private Durability ordered = Durability.MEMORY;

    /// Whether there is something that is to be stored for its own sake.
    boolean isUrgent() {
        return urgent;
    }

    boolean isEmpty() {
        return parts.isEmpty() && changes.isEmpty() && mending.isEmpty();
    }

    /// @param with what has to be stored with it; null for nothing
    Commit add(LiveTopic topic, long end, long more, Durability level, Committer.@Nullable Change with) {
        CommitPart part = parts.computeIfAbsent(topic, CommitPart::new);
        Durability seen = topic.config().durability();
        // What is stored with it has not happened before it is as safe as it has to be: until then nobody sees it.
        part.add(end, behind(topic, with == null ? seen : seen.or(with.level())));
        cost += more;
        urgent = true;
        Durability most = level.or(part.level());
        if (with != null) {
            add(with, most);
        }
        return commit(most);
    }

    /// How safe it has to be before what is added of a topic is seen, if it has to be that safe for its own sake.
    private Durability behind(LiveTopic topic, Durability own) {
        if (topic.appending().shared() == null) {
            return own;
        }
        ordered = ordered.or(own);
        return ordered;
    }

    Commit addTogether(Iterable<LiveTopic> topics, Durability level, List<? extends Committer.Change> with) {
        Durability most = level;
        for (Committer.Change change : with) {
            most = most.or(change.level());
        }
        List<LiveTopic> all = new ArrayList<>();
        for (LiveTopic topic : topics) {
            most = most.or(topic.config().durability());
            CommitPart before = parts.get(topic);
            // What comes behind something that has to be synced is seen after it, and with it all of the transaction.
            most = before == null ? most : most.or(before.level());
            most = topic.appending().shared() == null ? most : most.or(ordered);
            all.add(topic);
        }
        for (LiveTopic topic : all) {
            parts.computeIfAbsent(topic, CommitPart::new).add(topic.log().end(), behind(topic, most));
        }
        together.add(all);
        urgent = true;
        for (Committer.Change change : with) {
            add(change, most);
        }
        return commit(most);
    }

    /// @param level how safe it has to be before it counts
    void add(Committer.Change change, Durability level) {
        changes.add(change);
        if (level.compareTo(Durability.SYNCED) >= 0) {
            toSync.add(change);
        }
        urgent = true;
    }

    /// One that goes along with others.
    void addQuietly(Committer.Change change) {
        changes.add(change);
    }

    /// Several that are stored before all others, and alone.
    void addFirst(List<Committer.Change> first) {
        mending.addAll(first);
    }

    /// What is stored before all others.
    List<Committer.Change> mending() {
        return List.copyOf(mending);
    }

    /// What comes before all others is stored, and outlives the power.
    void mended() {
        mending.forEach(Committer.Change::stored);
        mending.clear();
    }

    /// Finished when what was added is that safe.
    Commit commit(Durability level) {
        if (level.compareTo(Durability.SYNCED) >= 0) {
            syncs = true;
            return synced;
        }
        return written;
    }

    Collection<CommitPart> parts() {
        return parts.values();
    }

    List<Committer.Change> changes() {
        return changes;
    }

    /// Tells those that they are stored which are now as safe as they have to be.
    void stored(Durability reached) {
        boolean synced = reached.compareTo(Durability.SYNCED) >= 0;
        changes.stream().filter(change -> toSync.contains(change) == synced).forEach(Committer.Change::stored);
    }

    boolean syncs() {
        return syncs;
    }

    /// What its messages cost.
    long cost() {
        return cost;
    }

    Commit written() {
        return written;
    }

    Commit synced() {
        return synced;
    }

    void finish(@Nullable Refused failure) {
        written.finish(failure);
        synced.finish(failure);
    }

    /// Makes visible what is as safe as its topic promises: first what has to become so together.
    void reveal(Durability level) {
        if (!together.isEmpty()) {
            // Several may have topics in common: all of them at once.
            TreeSet<LiveTopic> topics = new TreeSet<>(AtomicAppend.SECTION_ORDER);
            together.forEach(topics::addAll);
            topics.removeIf(topic -> part(topic).dueEnd(level) <= topic.visible());
            topics.forEach(LiveTopic::enter);
            try {
                revealOrdered(topics, level, Long.MAX_VALUE);
                topics.forEach(topic -> part(topic).reveal(level));
            } finally {
                topics.descendingSet().forEach(LiveTopic::leave);
            }
            topics.forEach(topic -> part(topic).wake());
        }
        deliverOrdered(level);
        parts.values().forEach(part -> part.deliver(level));
    }

    /// Those of topics that share one order: in that order, whatever topics they belong to, a few at a time.
    private void deliverOrdered(Durability level) {
        Optional<LiveTopic> any = parts.keySet().stream()
                .filter(topic -> topic.appending().shared() != null)
                .findFirst();
        for (boolean more = any.isPresent(); more; ) {
            LiveTopic one = any.orElseThrow();
            one.enter();
            try {
                more = revealOrdered(List.of(one), level, CommitPart.TURN);
            } finally {
                one.leave();
            }
        }
    }

    /// In the section of those that share one order, if one of these does.
    private boolean revealOrdered(Collection<LiveTopic> topics, Durability level, long most) {
        for (LiveTopic topic : topics) {
            GlobalOrder order = topic.appending().shared();
            if (order != null) {
                return order.reveal(
                        each -> {
                            CommitPart part = parts.get(each);
                            return part == null ? 0 : part.dueEnd(level);
                        },
                        most);
            }
        }
        return false;
    }

    private CommitPart part(LiveTopic topic) {
        CommitPart part = parts.get(topic);
        if (part == null) {
            throw new IllegalStateException("nothing of " + topic + " is committed");
        }
        return part;
    }
}
