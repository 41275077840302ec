package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.TopicConfig;
import dev.fanfare.local.Events;
import dev.fanfare.log.Compacted;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.HistoryBudget;
import dev.fanfare.log.Marks;
import dev.fanfare.log.Retention;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.List;
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

    /// How much of a durable topic stays in memory: what most readers want.
    private static final Retention CACHE = new Retention(1_024, 256 << 10, 0);

    private final Committer committer;
    private final Timers timers;
    private final HistoryBudget budget;
    private final Events events;
    private int next = NEXT + 1;

    StoredTopics(Committer committer, Timers timers, HistoryBudget budget, Events events) {
        this.committer = committer;
        this.timers = timers;
        this.budget = budget;
        this.events = events;
    }

    /// A topic that was there when the store was opened.
    ///
    /// @param number its number in the store
    record Found(
            int number,
            TopicForm form,
            Marks marks,
            @Nullable Compacted compacted) {}

    /// All of them, in the order in which they were made. Reads no message.
    ///
    /// Of one whose messages were no safer than what the store may lack, newer ones may be missing, and their
    /// places will be given to others: it goes on in a new epoch, which is stored when this returns.
    ///
    /// @param epochs makes new ones
    List<Found> read(Supplier<String> epochs) {
        Store store = committer.store();
        Durability lacking = store.lacking();
        if (lacking == Durability.MEMORY) {
            return read();
        }
        Store.Batch batch = store.batch();
        List<Found> all = new ArrayList<>();
        for (Found found : read()) {
            TopicForm form = found.form;
            if (form.config().durability().compareTo(lacking) <= 0) {
                form = new TopicForm(form.name(), epochs.get(), form.config());
                batch.put(Table.TOPICS, Keys.of(found.number), form.toBytes());
            }
            all.add(new Found(found.number, form, found.marks, found.compacted));
        }
        store.write(batch);
        store.sync();
        return all;
    }

    private List<Found> read() {
        Store store = committer.store();
        List<Found> all = new ArrayList<>();
        try (Store.Scan topics = store.scan(Table.TOPICS, new byte[0], null);
                Store.Scan marks = store.scan(Table.MARKS, new byte[0], null)) {
            boolean marked = marks.next();
            while (topics.next()) {
                int number = Keys.intAt(topics.key(), 0);
                if (number == NEXT) {
                    next = Keys.intAt(topics.value(), 0);
                    continue;
                }
                while (marked && Keys.intAt(marks.key(), 0) < number) {
                    marked = marks.next();
                }
                boolean has = marked && Keys.intAt(marks.key(), 0) == number;
                TopicForm form = TopicForm.of(topics.value());
                all.add(new Found(
                        number, form, has ? Marks.of(marks.value()) : Marks.NONE, compacted(number, form.config())));
            }
        }
        return all;
    }

    private @Nullable Compacted compacted(int number, TopicConfig config) {
        if (!config.compact()) {
            return null;
        }
        byte[] known = committer.store().get(Table.KEYS, Keys.of(number));
        return known == null ? Compacted.NOTHING : Compacted.of(known);
    }

    /// The log of a topic that is made now.
    DurableTopicLog newLog(String name, String epoch, TopicConfig config) {
        return log(next++, name, epoch, config, Marks.NONE, config.compact() ? Compacted.NOTHING : null);
    }

    /// The log of a topic that was there.
    DurableTopicLog log(Found found) {
        TopicForm form = found.form;
        return log(found.number, form.name(), form.epoch(), form.config(), found.marks, found.compacted);
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
        LOG.error(
                "Messages {} to {} of topic {} can't be read: the store {} is damaged",
                from,
                to - 1,
                name,
                committer.store().place());
        events.emit(() -> new BrokerEvent.MessagesDamaged(name, from, to));
    }

    /// A topic was made with [#newLog].
    Commit created(String name, DurableTopicLog log, TopicConfig config) {
        byte[] form = new TopicForm(name, log.epoch(), config).toBytes();
        int number = log.number();
        int after = next;
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
        int number = log.number();
        return committer.add(
                Committer.Change.lasting(batch -> {
                    batch.delete(Table.TOPICS, Keys.of(number));
                    batch.delete(Table.MARKS, Keys.of(number));
                    for (Table table : List.of(Table.MESSAGES, Table.KEYS, Table.IDS, Table.DELAYED)) {
                        batch.deleteRange(table, Keys.of(number), Keys.of(number + 1));
                    }
                }),
                level);
    }
}
