package dev.fanfare.delivery;

import dev.fanfare.Durability;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import org.jspecify.annotations.Nullable;

/// A dead letter on its way again: when its message is done it is none any more, also after the process has
/// ended. Any thread.
///
/// @param letters the topic that keeps it, and not another one of the same name
/// @param committer null when nothing outlives the process
record ReturnedLetter(
        LiveTopic letters, long offset, @Nullable Committer committer) {

    private byte[] key() {
        return Keys.of(Keys.LETTERS, letters.number(), offset);
    }

    /// Its message is done.
    void done() {
        if (committer != null && letters.number() != 0) {
            var _ = committer.add(
                    Committer.Change.lasting(this::write), letters.config().durability());
        }
    }

    private void write(Store.Batch batch) {
        if (!letters.isGone()) {
            batch.put(Table.OUTCOMES, key(), Outcome.DONE.toBytes());
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
        }

        @Override
        public Committer.@Nullable Change failed() {
            return stored ? null : Committer.Change.lasting(batch -> batch.delete(Table.OUTCOMES, key()));
        }
    }
}
