package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.topic.AtomicAppend;
import dev.fanfare.topic.Committer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The acknowledgements of a transaction. Backlogs are locked in the order in which they were made.
final class Acknowledgements implements AtomicAppend.Condition {

    private final Map<Backlog, List<Handed>> byBacklog = new TreeMap<>(Comparator.comparingLong(Backlog::sequence));
    private final List<Runnable> afterwards = new ArrayList<>();
    private final List<Committer.Change> changes = new ArrayList<>(0);

    /// Those of one transaction.
    ///
    /// @throws FanfareException `BAD_REQUEST` when one is there twice
    Acknowledgements(List<? extends Delivery> deliveries) {
        Set<Entry> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Delivery delivery : deliveries) {
            Handed handed = (Handed) delivery;
            if (!seen.add(handed.entry)) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, handed + " is acknowledged twice in one transaction");
            }
            byBacklog
                    .computeIfAbsent(handed.member.backlog(), made -> new ArrayList<>())
                    .add(handed);
        }
    }

    /// How many they are.
    int size() {
        return byBacklog.values().stream().mapToInt(List::size).sum();
    }

    @Override
    public void lock() {
        byBacklog.keySet().forEach(Backlog::lock);
    }

    @Override
    public @Nullable String failure() {
        for (Map.Entry<Backlog, List<Handed>> part : byBacklog.entrySet()) {
            for (Handed handed : part.getValue()) {
                if (!part.getKey().completion().counts(handed)) {
                    return handed + " can't be acknowledged any more: its time was over, or it is done";
                }
            }
        }
        return null;
    }

    @Override
    public void apply() {
        byBacklog.forEach((backlog, handed) -> {
            changes.addAll(backlog.completion()
                    .together(handed.stream().map(each -> each.entry).toList()));
            afterwards.add(backlog.completion().acknowledgeLocked(handed));
        });
    }

    @Override
    public List<Committer.Change> changes() {
        return changes;
    }

    @Override
    public void undo() {
        byBacklog.forEach((backlog, handed) -> backlog.completion().reopen(handed));
    }

    @Override
    public void unlock() {
        byBacklog.keySet().forEach(Backlog::unlock);
    }

    /// Under no lock: tells those who wait for room and for messages.
    void tell() {
        afterwards.forEach(Runnable::run);
    }

    /// Under no lock: what was done holds. Counts and tells it.
    void stored() {
        byBacklog.forEach((backlog, handed) -> backlog.completion().stored(handed));
    }
}
