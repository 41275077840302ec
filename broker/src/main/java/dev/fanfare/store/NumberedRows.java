package dev.fanfare.store;

import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;

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
        /// @param to after the last one
        void between(long from, long to);
    }

    private static final long UNREADABLE = -1;

    private final LongFunction<byte[]> keys;
    private final ToLongFunction<byte[]> numbers;
    private final long end;
    private final Row row;
    private final Lost lost;

    private NumberedRows(LongFunction<byte[]> keys, ToLongFunction<byte[]> numbers, long end, Row row, Lost lost) {
        this.keys = keys;
        this.numbers = numbers;
        this.end = end;
        this.row = row;
        this.lost = lost;
    }

    /// Those with a number for a key.
    public static void read(Store store, Table table, Row row, Lost lost) {
        new NumberedRows(number -> Keys.of((int) number), key -> Keys.intAt(key, 0), Integer.MAX_VALUE, row, lost)
                .read(store, table);
    }

    /// Those of a topic.
    ///
    /// @param topic its number, with which the keys begin
    public static void read(Store store, Table table, int topic, Row row, Lost lost) {
        new NumberedRows(
                        number -> Keys.of(topic, number),
                        key -> Keys.longAt(key, Integer.BYTES),
                        Long.MAX_VALUE,
                        row,
                        lost)
                .read(store, table);
    }

    private void read(Store store, Table table) {
        try (Store.Scan scan = store.scan(table, keys.apply(0), keys.apply(end))) {
            long from = 0;
            long at = number(scan, scan::next);
            while (at < end) {
                if (at == UNREADABLE) {
                    at = pass(scan, from);
                    lost.between(from, at);
                    from = at;
                    at = seek(scan, from);
                } else {
                    take(at, scan.value());
                    from = at + 1;
                    at = number(scan, scan::next);
                }
            }
        }
    }

    private void take(long number, byte[] value) {
        try {
            row.take(number, value);
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            lost.between(number, number + 1);
        }
    }

    private long seek(Store.Scan scan, long number) {
        return number >= end ? end : number(scan, () -> scan.seek(keys.apply(number)));
    }

    /// Of the row that a step goes to; the end when there is none.
    private long number(Store.Scan scan, BooleanSupplier step) {
        try {
            return step.getAsBoolean() ? numbers.applyAsLong(scan.key()) : end;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            return UNREADABLE;
        }
    }

    /// From where on something can be read again: by steps that double, then by halving the last of them. A row
    /// between two that can't be read may be overlooked when it lies within the last step.
    private long pass(Store.Scan scan, long from) {
        long bad = from;
        long good = end;
        for (long step = 1; bad < good; step *= 2) {
            long candidate = step < end - bad ? bad + step : end;
            if (seek(scan, candidate) == UNREADABLE) {
                bad = candidate;
            } else {
                good = candidate;
                break;
            }
        }
        long low = bad + 1;
        while (low < good) {
            long middle = low + (good - low) / 2;
            if (seek(scan, middle) == UNREADABLE) {
                low = middle + 1;
            } else {
                good = middle;
            }
        }
        return good;
    }
}
