package dev.fanfare.storage;

import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Store.Batch;
import dev.fanfare.store.Store.Scan;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.Table;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.rocksdb.FlushOptions;

/// What tests of stores have in common: messages with numbers, each with a value that only it can have.
final class Stores {

    /// Little memory, a short log.
    static final StorageOptions SMALL = new StorageOptions(16 << 20, 4 << 20, 0);

    private Stores() {}

    /// The value of a number.
    static byte[] value(long number, int length) {
        byte[] value = new byte[length];
        new Random(number).nextBytes(value);
        ByteBuffer.wrap(value).putLong(0, number);
        return value;
    }

    /// Writes a message in a batch of its own.
    static void put(Store store, long number, int length) {
        put(store, number, number + 1, length);
    }

    /// Writes messages in one batch.
    static void put(Store store, long from, long to, int length) {
        Batch batch = store.batch();
        for (long number = from; number < to; number++) {
            batch.put(Table.MESSAGES, Keys.of(1, number), value(number, length));
        }
        store.write(batch);
    }

    /// Deletes messages.
    static void delete(Store store, long from, long to) {
        Batch batch = store.batch();
        batch.deleteRange(Table.MESSAGES, Keys.of(1, from), Keys.of(1, to));
        store.write(batch);
    }

    /// Writes the messages that are in memory into a file.
    static void flush(RocksStore store) {
        store.using("flush", open -> {
            try (FlushOptions options = new FlushOptions()) {
                open.rocks().flush(options, open.of(Table.MESSAGES));
            }
            return open;
        });
    }

    /// The numbers of the messages that can be read, going past those that can't, up to one.
    static NavigableSet<Long> readable(Store store, long end) {
        NavigableSet<Long> found = new TreeSet<>();
        try (Scan scan = store.scan(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, end))) {
            for (long number = 0; number < end; number++) {
                try {
                    if (!scan.seek(Keys.of(1, number))) {
                        break;
                    }
                    long at = Keys.longAt(scan.key(), Integer.BYTES);
                    check(at, scan.value());
                    found.add(at);
                    number = at;
                } catch (StoreException e) {
                    if (e.reason() != StoreException.Reason.CORRUPT) {
                        throw e;
                    }
                }
            }
        }
        return found;
    }

    /// A value is that of its number, or the test fails.
    static void check(long number, byte[] value) {
        if (!Arrays.equals(value, value(number, value.length))) {
            throw new AssertionError("the value of " + number + " is not what was written");
        }
    }

    /// Waits for something the store does by itself.
    static void eventually(BooleanSupplier condition) throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        for (int tries = 0; !condition.getAsBoolean(); tries++) {
            if (tries == 1_000 || never.await(20, TimeUnit.MILLISECONDS)) {
                throw new AssertionError("20 s are over");
            }
        }
    }
}
