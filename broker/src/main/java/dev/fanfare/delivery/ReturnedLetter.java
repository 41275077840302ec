package dev.fanfare.delivery;

import dev.fanfare.Durability;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A dead letter on its way again: when its message is done it is none any more, also after the process has
/// ended. Any thread.
///
/// @param letters the topic that keeps it, and not another one of the same name
/// @param marked offsets of those of which the store has to know that they are none any more
/// @param committer null when nothing outlives the process
record ReturnedLetter(
        LiveTopic letters,
        long offset,
        Set<Long> marked,
        @Nullable Committer committer) {

    static byte[] key(LiveTopic letters, long offset) {
        return Keys.of(Keys.LETTERS, letters.number(), offset);
    }

    /// Says of one that it is none any more.
    static void mark(Store.Batch batch, LiveTopic letters, long offset) {
        batch.put(Table.OUTCOMES, key(letters, offset), Outcome.DONE.toBytes());
    }

    /// Its message is done.
    void done() {
        if (committer != null && letters.number() != 0) {
            marked.add(offset);
            var _ = committer.add(
                    Committer.Change.lasting(this::write), letters.config().durability());
        }
    }

    private void write(Store.Batch batch) {
        if (!letters.isGone()) {
            mark(batch, letters, offset);
        }
    }

    /// As [#done], together with something else: it has not happened if that fails.
    ///
    /// @return null when nothing has to be stored
    @Nullable
    Together together() {
        return letters.number() == 0 ? null : new Together();
    }

    /// See [#together].
    final class Together implements Committer.Change {
        private volatile boolean stored;

        /// Whether it has happened. Known when what it goes with is answered.
        boolean isStored() {
            return stored;
        }

        /// What was to be done once more was not.
        @Override
        public boolean holdsForRepeats() {
            return false;
        }

        @Override
        public Durability level() {
            return letters.config().durability();
        }

        @Override
        public void write(Store.Batch batch) {
            ReturnedLetter.this.write(batch);
        }

        @Override
        public void stored() {
            stored = true;
            marked.add(offset);
        }

        @Override
        public Committer.@Nullable Change failed() {
            return stored
                    ? null
                    : Committer.Change.lasting(batch -> batch.delete(Table.OUTCOMES, key(letters, offset)));
        }
    }
}
