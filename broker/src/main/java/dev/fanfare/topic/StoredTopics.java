package dev.fanfare.topic;

import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.TopicConfig;
import dev.fanfare.log.Compacted;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.HistoryBudget;
import dev.fanfare.log.Marks;
import dev.fanfare.log.Retention;
import dev.fanfare.store.Keys;
import dev.fanfare.store.NumberedRows;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The durable topics in the store: each has a number there, which no other topic ever gets. Under the
/// registry's lock, but for what it says of its methods.
final class StoredTopics {

    private static final Logger LOG = LoggerFactory.getLogger(StoredTopics.class);

    /// Under this number the next one is kept.
    private static final int NEXT = 0;

    /// So many numbers are left out when it can't be read which one is next.
    private static final int NUMBERS_PASSED = 1 << 20;

    /// How often the store may come upon something damaged while it is read.
    private static final int TRIES = 10;

    /// The space of a smaller topic is not worth a sync of the device.
    private static final long RECLAIMED = 4 << 20;

    /// How much of a durable topic stays in memory: what most readers want.
    private static final Retention CACHE = new Retention(1_024, 256 << 10, 0);

    private final Committer committer;
    private final Timers timers;
    private final HistoryBudget budget;
    private final AtomicInteger next = new AtomicInteger(NEXT + 1);

    /// @param topics all there are
    StoredTopics(Committer committer, Timers timers, HistoryBudget budget, TopicDirectory topics) {
        this.committer = committer;
        this.timers = timers;
        this.budget = budget;
        committer.remembers(to -> sayAgain(to, topics));
    }

    /// Which topics there are and how far each is, whatever the store says now: no place is given twice. On the
    /// committing thread, under no lock.
    private void sayAgain(Restatement to, TopicDirectory topics) {
        to.put(Table.TOPICS, Keys.of(NEXT), Keys.of(next.get()));
        for (LiveTopic topic : topics.all()) {
            to.next();
            if (topic.log() instanceof DurableTopicLog log && !topic.deleted()) {
                byte[] form = new TopicForm(topic.name(), log.epoch(), topic.config()).toBytes();
                to.put(Table.TOPICS, Keys.of(log.number()), form);
                topic.enter();
                try {
                    log.mark(to, log.visible(), 0);
                    topic.appending().identities().sayAgain(to, log.number(), log.visible());
                } finally {
                    topic.leave();
                }
            }
        }
    }

    /// A topic that was there when the store was opened.
    ///
    /// @param number its number in the store
    /// @param counted whether the marks are those of the messages that can be read
    record Found(
            int number,
            TopicForm form,
            Marks marks,
            boolean counted,
            @Nullable Compacted compacted) {}

    /// All of them, in the order in which they were made. Reads no message, but for topics of which nothing
    /// else says how far they are.
    ///
    /// Of one whose messages were no safer than what the store may lack, newer ones may be missing, and their
    /// places will be given to others, as those of one that can't be read in part: it goes on in a new epoch,
    /// which is stored when this returns.
    ///
    /// @param epochs makes new ones
    List<Found> read(Supplier<String> epochs) {
        for (int left = TRIES; ; left--) {
            try {
                return readOnce(epochs);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.CORRUPT || left == 0) {
                    throw e;
                }
                // It came upon damage by itself and takes no more; opened again, it leaves that alone.
                committer.store().reopen();
            }
        }
    }

    private List<Found> readOnce(Supplier<String> epochs) {
        Store store = committer.store();
        Durability lacking = store.lacking();
        Store.Batch batch = store.batch();
        boolean renewed = lacking != Durability.MEMORY;
        List<Found> all = new ArrayList<>();
        for (Found found : read()) {
            TopicForm form = found.form;
            boolean counted = found.counted;
            if (counted
                    || lacking != Durability.MEMORY
                            && form.config().durability().compareTo(lacking) <= 0) {
                form = new TopicForm(form.name(), epochs.get(), form.config());
                batch.put(Table.TOPICS, Keys.of(found.number), form.toBytes());
            }
            if (counted) {
                renewed = true;
                batch.put(Table.MARKS, Keys.of(found.number), found.marks.toBytes());
                // What can't be read behind its end is not taken for what comes.
                batch.deleteRange(
                        Table.MESSAGES,
                        Keys.of(found.number, found.marks.end()),
                        Keys.of(found.number, Long.MAX_VALUE));
            }
            all.add(new Found(found.number, form, found.marks, counted, found.compacted));
        }
        if (renewed) {
            store.write(batch);
            store.sync();
        }
        return all;
    }

    private List<Found> read() {
        Store store = committer.store();
        SequencedMap<Integer, TopicForm> forms = new LinkedHashMap<>();
        NavigableMap<Long, Long> unreadable = new TreeMap<>();
        NumberedRows.read(store, Table.TOPICS, (number, value) -> read((int) number, value, forms), unreadable::put);
        unreadable.forEach(this::lost);
        if (unreadable.containsKey((long) NEXT)) {
            // Nobody gets the number of one that can't be read, or was deleted.
            next.addAndGet(NUMBERS_PASSED);
        }
        Map<Integer, Marks> marks = new HashMap<>();
        NavigableMap<Long, Long> unmarked = new TreeMap<>();
        NumberedRows.read(
                store, Table.MARKS, (number, value) -> marks.put((int) number, Marks.of(value)), unmarked::put);
        List<Found> all = new ArrayList<>();
        forms.forEach((number, form) -> {
            Map.Entry<Long, Long> range = unmarked.floorEntry((long) number);
            boolean counted = range != null && number < range.getValue() && !marks.containsKey(number);
            all.add(new Found(
                    number,
                    form,
                    counted ? count(number, form.name()) : marks.getOrDefault(number, Marks.NONE),
                    counted,
                    compacted(number, form.config())));
        });
        return all;
    }

    private void read(int number, byte[] value, Map<Integer, TopicForm> forms) {
        if (number == NEXT) {
            next.accumulateAndGet(Keys.intAt(value, 0), Math::max);
        } else {
            next.accumulateAndGet(number + 1, Math::max);
            forms.put(number, TopicForm.of(value));
        }
    }

    /// Topics can't be read.
    private void lost(long from, long to) {
        committer
                .damage()
                .lost("Topics with the numbers " + from + " to " + (to - 1) + " can't be read (" + NEXT
                        + " says which number is next)");
    }

    private Marks count(int number, String name) {
        committer.damage().lost("How far topic " + name + " is can't be read, it begins a new epoch");
        // Where those end that can't be read behind all others is not known.
        return Marks.counted(
                committer.store(), number, (from, to) -> damaged(name, from, to == Long.MAX_VALUE ? from + 1 : to));
    }

    private @Nullable Compacted compacted(int number, TopicConfig config) {
        if (!config.compact()) {
            return null;
        }
        try {
            byte[] known = committer.store().get(Table.KEYS, Keys.of(number));
            return known == null ? Compacted.NOTHING : Compacted.of(known);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            // It is looked through once more.
            return Compacted.NOTHING;
        }
    }

    /// The log of a topic that is made now.
    DurableTopicLog newLog(String name, String epoch, TopicConfig config) {
        return log(
                next.getAndIncrement(), name, epoch, config, Marks.NONE, config.compact() ? Compacted.NOTHING : null);
    }

    /// The log of a topic that was there.
    DurableTopicLog log(Found found) {
        TopicForm form = found.form;
        return log(found.number, form.name(), form.epoch(), form.config(), found.marks, found.compacted);
    }

    /// Brings back what goes with a topic that was there: the ids it recognises, what waits for its time.
    void restore(LiveTopic topic, int number, DelayedMessages delayed) {
        topic.appending().identities().restore(committer.store(), number, lost("Ids that are recognised", topic));
        delayed.restore(topic, number, lost("Messages that wait for their time", topic));
    }

    private NumberedRows.Lost lost(String what, LiveTopic topic) {
        return (from, to) -> committer
                .damage()
                .lost(what + " of topic " + topic.name() + " can't be read (numbers " + from + " to " + (to - 1) + ")");
    }

    private DurableTopicLog log(
            int number, String name, String epoch, TopicConfig config, Marks marks, @Nullable Compacted compacted) {
        return new DurableTopicLog(
                committer.store(),
                number,
                name,
                epoch,
                config.retention(),
                CACHE,
                marks,
                compacted,
                timers,
                budget,
                (from, to) -> damaged(name, from, to));
    }

    private void damaged(String name, long from, long to) {
        committer.damage().messages(name, from, to);
    }

    /// A topic was made with [#newLog].
    Commit created(String name, DurableTopicLog log, TopicConfig config) {
        byte[] form = new TopicForm(name, log.epoch(), config).toBytes();
        int number = log.number();
        int after = next.get();
        // Lasting, since a topic that made itself is published to by people who do not know that it is new.
        return committer.add(
                Committer.Change.lasting(batch -> {
                    batch.put(Table.TOPICS, Keys.of(number), form);
                    batch.put(Table.TOPICS, Keys.of(NEXT), Keys.of(after));
                }),
                config.durability());
    }

    /// A topic is gone: nothing is committed of it any more.
    Commit deleted(DurableTopicLog log, Durability level) {
        return committer.add(new Deletion(log.number(), log.bytes()), level);
    }

    /// All that is stored of a topic is deleted, and gives its space back. Kept until it is done.
    private final class Deletion implements Committer.Change {

        private final int number;
        private final long bytes;

        /// @param bytes what its messages cost
        Deletion(int number, long bytes) {
            this.number = number;
            this.bytes = bytes;
        }

        @Override
        public void write(Store.Batch batch) {
            batch.delete(Table.TOPICS, Keys.of(number));
            batch.delete(Table.MARKS, Keys.of(number));
            for (Table table : List.of(Table.MESSAGES, Table.KEYS, Table.IDS, Table.DELAYED)) {
                batch.deleteRange(table, Keys.of(number), Keys.of(number + 1));
            }
            batch.deleteRange(Table.OUTCOMES, Keys.of(Keys.LETTERS, number), Keys.of(Keys.LETTERS, number + 1));
        }

        /// Left to itself, the store may keep it for ever: it looks for room only as it is written to.
        @Override
        public void stored() {
            if (bytes < RECLAIMED) {
                return;
            }
            try {
                committer.store().reclaim(Table.MESSAGES, Keys.of(number), Keys.of(number + 1));
            } catch (StoreException e) {
                LOG.warn(
                        "What a deleted topic took of {} is given back later",
                        committer.store().place(),
                        e);
            }
        }

        @Override
        public Committer.Change failed() {
            return this;
        }
    }
}
