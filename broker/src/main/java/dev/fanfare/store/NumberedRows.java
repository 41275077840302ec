package dev.fanfare.store;

/// Goes through rows of a table whose keys tell themselves apart by a number, and past those that can't be
/// read.
public final class NumberedRows {

    /// What is done with each of them.
    @FunctionalInterface
    public interface Row {

        /// One of them.
        ///
        /// @throws StoreException `CORRUPT` when the value is not what it should be: it can't be read either
        void take(long number, byte[] value);
    }

    /// Who is told of those that can't be read.
    @FunctionalInterface
    public interface Lost {

        /// Some can't be read.
        ///
        /// @param from the first number
        /// @param to after the last one; the largest number when nothing can be read behind
        void between(long from, long to);
    }

    private NumberedRows() {}

    /// Those with a number for a key.
    public static void read(Store store, Table table, Row row, Lost lost) {
        ints(store, table, Keys.of(0), Keys.of(Integer.MAX_VALUE), row, lost);
    }

    /// Those of a topic.
    ///
    /// @param topic its number, with which the keys begin
    public static void read(Store store, Table table, int topic, Row row, Lost lost) {
        longs(store, table, Keys.of(topic, 0L), Keys.of(topic, Long.MAX_VALUE), row, lost);
    }

    /// Those of a subscription, numbered by topics.
    ///
    /// @param subscription its number, with which the keys begin
    public static void ofSubscription(Store store, Table table, int subscription, Row row, Lost lost) {
        ints(store, table, Keys.of(subscription, 0), Keys.of(subscription, Integer.MAX_VALUE), row, lost);
    }

    /// Those of a subscription and a topic, numbered by offsets.
    ///
    /// @param from the first offset
    public static void ofSubscription(
            Store store, Table table, int subscription, int topic, long from, Row row, Lost lost) {
        longs(
                store,
                table,
                Keys.of(subscription, topic, from),
                Keys.of(subscription, topic, Long.MAX_VALUE),
                row,
                lost);
    }

    private static void ints(Store store, Table table, byte[] from, byte[] to, Row row, Lost lost) {
        int at = from.length - Integer.BYTES;
        new RowReader(store, table, from, to, from.length)
                .read(
                        (key, value) -> take(Keys.intAt(key, at), value, row, lost),
                        (first, end) -> lost.between(Keys.intAt(first, at), Keys.intAt(end, at)));
    }

    private static void longs(Store store, Table table, byte[] from, byte[] to, Row row, Lost lost) {
        int at = from.length - Long.BYTES;
        new RowReader(store, table, from, to, from.length)
                .read(
                        (key, value) -> take(Keys.longAt(key, at), value, row, lost),
                        (first, end) -> lost.between(Keys.longAt(first, at), Keys.longAt(end, at)));
    }

    private static void take(long number, byte[] value, Row row, Lost lost) {
        try {
            row.take(number, value);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            lost.between(number, number + 1);
        }
    }
}
