package dev.fanfare.store;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Goes through a part of a table, and past what can't be read. Keys are taken for numbers, with zeros behind
/// them up to one length, so that there is something between any two of them to look at.
final class RowReader {

    /// What is done with each row.
    @FunctionalInterface
    interface Row {
        void take(byte[] key, byte[] value);
    }

    /// Who is told of rows that can't be read.
    @FunctionalInterface
    interface Lost {

        /// Some can't be read.
        ///
        /// @param from the first key, with zeros behind it
        /// @param to after the last one, with zeros behind it; the end as it was given when nothing is behind
        void between(byte[] from, byte[] to);
    }

    private final Store store;
    private final Table table;
    private final byte[] from;
    private final byte @Nullable [] to;
    private final int length;
    private final BigInteger end;

    /// @param from the first key
    /// @param to after the last one; null: to the end of the table
    /// @param length of the longest keys: what is behind it is not told apart where rows are passed over
    RowReader(Store store, Table table, byte[] from, byte @Nullable [] to, int length) {
        this.store = store;
        this.table = table;
        this.from = from;
        this.to = to;
        this.length = length;
        this.end = to == null ? BigInteger.ONE.shiftLeft(length * Byte.SIZE) : number(to);
    }

    void read(Row row, Lost lost) {
        try (Store.Scan scan = store.scan(table, from, to)) {
            BigInteger next = number(from);
            Step step = step(scan::next);
            while (step != Step.END) {
                if (step == Step.UNREADABLE) {
                    BigInteger good = pass(scan, next);
                    lost.between(padded(next), padded(good));
                    next = good;
                    step = seek(scan, good);
                } else {
                    byte[] key = scan.key();
                    row.take(key, scan.value());
                    next = number(key).add(BigInteger.ONE);
                    step = step(scan::next);
                }
            }
        }
    }

    /// What a step of the scan comes to.
    private enum Step {
        ROW,
        END,
        UNREADABLE
    }

    private static Step step(BooleanSupplier step) {
        try {
            return step.getAsBoolean() ? Step.ROW : Step.END;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.CORRUPT) {
                throw e;
            }
            return Step.UNREADABLE;
        }
    }

    private Step seek(Store.Scan scan, BigInteger number) {
        return number.compareTo(end) >= 0 ? Step.END : step(() -> scan.seek(key(number)));
    }

    /// From where on something can be read again: by steps that double, then by halving the last of them. A row
    /// between two that can't be read may be overlooked when it lies within the last step.
    private BigInteger pass(Store.Scan scan, BigInteger from) {
        BigInteger bad = from;
        BigInteger good = end;
        for (BigInteger step = BigInteger.ONE; bad.compareTo(good) < 0; step = step.shiftLeft(1)) {
            BigInteger candidate = bad.add(step).min(end);
            if (seek(scan, candidate) != Step.UNREADABLE) {
                good = candidate;
                break;
            }
            bad = candidate;
        }
        BigInteger low = bad.add(BigInteger.ONE);
        while (low.compareTo(good) < 0) {
            BigInteger middle = low.add(good).shiftRight(1);
            if (seek(scan, middle) == Step.UNREADABLE) {
                low = middle.add(BigInteger.ONE);
            } else {
                good = middle;
            }
        }
        return good;
    }

    // ---- keys and numbers

    private BigInteger number(byte[] key) {
        return new BigInteger(1, Arrays.copyOf(key, length));
    }

    private byte[] padded(BigInteger number) {
        byte[] bytes = number.toByteArray();
        byte[] padded = new byte[Math.max(length, bytes.length)];
        System.arraycopy(bytes, 0, padded, padded.length - bytes.length, bytes.length);
        return padded.length > length && padded[0] == 0
                ? Arrays.copyOfRange(padded, padded.length - length, padded.length)
                : padded;
    }

    /// The lowest key with a number: without the zeros behind it.
    private byte[] key(BigInteger number) {
        byte[] padded = padded(number);
        int used = padded.length;
        while (used > 0 && padded[used - 1] == 0) {
            used--;
        }
        return Arrays.copyOf(padded, used);
    }
}
