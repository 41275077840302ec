package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A delayed message of a durable topic that is appended: it waits no more as soon as that is stored, and if
/// it can't be, it waits on.
final class Departure implements Committer.Change {

    private final LiveTopic topic;
    private final Message message;
    private final long due;
    private final int inStore;
    private final long number;
    private final Timers timers;
    private final Consumer<Departure> arrived;

    /// The committing thread's.
    private boolean stored;

    /// @param due when it was to come
    /// @param inStore the topic's number
    /// @param number its own
    /// @param arrived told that it is stored, on the committing thread
    Departure(
            LiveTopic topic,
            Message message,
            long due,
            int inStore,
            long number,
            Timers timers,
            Consumer<Departure> arrived) {
        this.topic = topic;
        this.message = message;
        this.due = due;
        this.inStore = inStore;
        this.number = number;
        this.timers = timers;
        this.arrived = arrived;
    }

    LiveTopic topic() {
        return topic;
    }

    Message message() {
        return message;
    }

    long due() {
        return due;
    }

    long number() {
        return number;
    }

    /// It was published where nothing is stored.
    void leave(Committer committer) {
        arrived.accept(this);
        var _ = committer.add(
                Committer.Change.lasting(this::write), topic.config().durability());
    }

    @Override
    public void write(Store.Batch batch) {
        batch.delete(Table.DELAYED, Keys.of(inStore, number));
    }

    @Override
    public void stored() {
        stored = true;
        arrived.accept(this);
    }

    /// It is not known whether it was deleted.
    @Override
    public Committer.@Nullable Change failed() {
        if (stored) {
            return null;
        }
        DelayedForm form = new DelayedForm(due, timers.currentTimeMillis(), message);
        return Committer.Change.lasting(batch -> form.store(batch, inStore, number));
    }
}
