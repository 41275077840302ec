package dev.fanfare.topic;

import dev.fanfare.Dedup;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.log.HistoryBudget;
import dev.fanfare.log.TopicLog;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Keys;
import dev.fanfare.store.NumberedRows;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.DedupWindow.Remembered;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which publishes of a topic repeat an earlier one, for topics that ask for it: in memory a [DedupWindow], and
/// beside the messages of a durable topic the ids of each commit. In the topic's section only.
final class Identities {

    /// Of a topic that recognises no repeats.
    static final Identities NONE = new Identities(null);

    private static final int FORM = 1;

    /// How many ids go into one row when all are stored at once.
    private static final int ROW = 1_000;

    private final @Nullable DedupWindow seen;

    private Identities(@Nullable DedupWindow seen) {
        this.seen = seen;
    }

    /// Those of a topic made with these settings.
    static Identities of(@Nullable Dedup dedup, HistoryBudget budget) {
        return dedup == null ? NONE : new Identities(new DedupWindow(dedup, budget));
    }

    /// By what a draft is recognised; null when it is not. Outside of the section.
    @Nullable
    MessageIdentity of(Message draft) {
        return seen == null || draft.id().isEmpty() ? null : MessageIdentity.of(draft.id());
    }

    /// What became of the publish that this one repeats; null when it repeats none.
    @Nullable
    PublishResult first(@Nullable MessageIdentity identity, String id, String epoch, long now, Durability durability) {
        return seen == null || identity == null ? null : seen.first(identity, id, epoch, now, durability);
    }

    /// A message has its place.
    ///
    /// @param due whether it was remembered when it began to wait
    void remember(@Nullable MessageIdentity identity, Message stored, boolean due) {
        if (seen != null && identity != null) {
            seen.remember(identity, stored, due);
        }
    }

    /// A message waits for its time.
    void wait(@Nullable MessageIdentity identity, long seenAt, long due) {
        if (seen != null && identity != null) {
            seen.add(identity, seenAt, -1, due);
        }
    }

    /// A message that was to wait for its time has never been.
    ///
    /// @param seenAt from when on it was recognised
    void waitNoMore(@Nullable MessageIdentity identity, long seenAt) {
        if (seen != null && identity != null) {
            seen.forgetWaiting(identity, seenAt);
        }
    }

    /// The messages from an offset on have never been.
    void forget(long from) {
        if (seen != null) {
            seen.forget(from);
        }
    }

    /// The topic is gone.
    void close() {
        if (seen != null) {
            seen.close();
        }
    }

    // ---- on the device

    /// Puts the ids of what is committed into a batch.
    void store(Store.Batch batch, TopicLog log, int number, long end, ByteWriter scratch) {
        if (seen == null) {
            return;
        }
        List<Remembered> remembered = new ArrayList<>();
        for (Message message : log.appended(log.visible(), end)) {
            MessageIdentity identity = MessageIdentity.of(message.id());
            if (seen.holds(identity, message.offset())) {
                remembered.add(new Remembered(identity, message.offset(), message.timestampMillis()));
            }
        }
        if (!remembered.isEmpty()) {
            store(batch, number, remembered, scratch);
        }
    }

    private static void store(Store.Batch batch, int number, List<Remembered> ids, ByteWriter scratch) {
        scratch.clear().octet(FORM).number(ids.size());
        for (Remembered each : ids) {
            scratch.fixed(each.identity().high())
                    .fixed(each.identity().low())
                    .number(each.offset())
                    .number(each.timestamp());
        }
        batch.put(Table.IDS, Keys.of(number, ids.getFirst().offset()), scratch.toByteArray());
    }

    /// Puts all ids into a batch that are remembered of messages before an offset, whatever the store says now.
    void sayAgain(Store.Batch batch, int number, long end) {
        if (seen == null) {
            return;
        }
        batch.deleteRange(Table.IDS, Keys.of(number, 0L), Keys.of(number, end));
        List<Remembered> all = seen.remembered(end);
        ByteWriter scratch = new ByteWriter(1 << 10);
        for (int from = 0; from < all.size(); from += ROW) {
            store(batch, number, all.subList(from, Math.min(from + ROW, all.size())), scratch);
        }
    }

    /// Deletes the ids of messages from an offset on.
    void cut(Store.Batch batch, int number, long from) {
        if (seen != null) {
            batch.deleteRange(Table.IDS, Keys.of(number, from), Keys.of(number, Long.MAX_VALUE));
        }
    }

    /// Deletes the ids that are not recognised any more.
    void tidy(Store.Batch batch, Store store, int number) {
        long oldest = seen == null ? -1 : seen.oldestOffset();
        Store.Entry first = oldest <= 0 ? null : store.floor(Table.IDS, Keys.of(number, 0L), Keys.of(number, oldest));
        if (first != null) {
            batch.deleteRange(Table.IDS, Keys.of(number, 0L), first.key());
        }
    }

    /// Reads them back.
    ///
    /// @param lost told of messages whose ids can't be read, from one offset up to another
    void restore(Store store, int number, NumberedRows.Lost lost) {
        if (seen != null) {
            NumberedRows.read(store, Table.IDS, number, (_, value) -> read(value, seen), lost);
        }
    }

    private static void read(byte[] value, DedupWindow seen) {
        ByteReader in = new ByteReader(value);
        if (in.octet() != FORM) {
            throw in.corrupt("ids of messages are of an unknown form");
        }
        for (long left = in.number(); left > 0; left--) {
            MessageIdentity identity = new MessageIdentity(in.fixed(), in.fixed());
            long offset = in.number();
            long timestamp = in.number();
            seen.add(identity, timestamp, offset, timestamp);
        }
    }
}
