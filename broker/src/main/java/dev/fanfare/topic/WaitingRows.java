package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.log.TopicLog;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Which messages of one durable topic wait for their time, said again to a store that came back with less.
/// What the store holds beside them goes: a message that was published would come twice.
final class WaitingRows {

    /// So many bytes of messages are taken together at least.
    private static final long PART_BYTES = 1 << 20;

    /// One of them.
    private record Row(long due, long number, Message message) {}

    private final int topic;
    private final List<Row> rows = new ArrayList<>();

    /// @param topic its number in the store
    WaitingRows(int topic) {
        this.topic = topic;
    }

    void add(long due, long number, Message message) {
        rows.add(new Row(due, number, message));
    }

    /// Says it, one stretch of numbers after the other, each as a whole: none is ever missing that was there.
    ///
    /// @param seenAt from when on their ids are recognised
    void sayAgain(Restatement to, long seenAt) {
        rows.sort(Comparator.comparingLong(Row::number));
        long begin = 0;
        int next = 0;
        do {
            int from = next;
            long cost = 0;
            while (next < rows.size() && cost < PART_BYTES) {
                cost += TopicLog.cost(rows.get(next).message());
                next++;
            }
            long end = next < rows.size() ? rows.get(next).number() : Long.MAX_VALUE;
            to.next();
            to.deleteRange(Table.DELAYED, Keys.of(topic, begin), Keys.of(topic, end));
            for (Row row : rows.subList(from, next)) {
                new DelayedForm(row.due(), seenAt, row.message()).store(to, topic, row.number());
            }
            begin = end;
        } while (next < rows.size());
    }
}
