package dev.fanfare.storage;

import dev.fanfare.store.Store.Batch;
import dev.fanfare.store.Table;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Changes in the form in which RocksDB writes them to its log, put together in the heap: nothing has to be released,
/// and the native side is called once for all of them.
///
/// The first thing in each is a mark that RocksDB keeps in the log only: up to which operation everything was safe from
/// a loss of power when the batch was begun. It tells what must be there after a crash from what may be missing.
final class RocksBatch implements Batch {

    /// Bytes before the first change: sequence, count.
    static final int HEADER = 12;

    private static final int COUNT_AT = 8;
    private static final byte DELETE = 0x04;
    private static final byte PUT = 0x05;
    private static final byte DELETE_RANGE = 0x0e;
    private static final byte MARK = 0x03;
    private static final int MARK_NAME = 0x46_46_53_31;
    private static final byte MARK_LENGTH = Integer.BYTES + Long.BYTES;

    private byte[] bytes = new byte[256];
    private int at = HEADER;
    private int count;
    private boolean taken;
    private final RocksStore owner;
    private final Families families;

    RocksBatch(RocksStore owner, Families families, long safe) {
        this.owner = owner;
        this.families = families;
        bytes[at++] = MARK;
        bytes[at++] = MARK_LENGTH;
        ByteBuffer mark = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        mark.putInt(at, MARK_NAME).putLong(at + Integer.BYTES, safe);
        at += MARK_LENGTH;
    }

    /// The mark in a batch as it lies in the log; -1 when there is none.
    static long mark(ByteBuffer batch) {
        return batch.limit() >= HEADER + 2 + MARK_LENGTH
                        && batch.get(HEADER) == MARK
                        && batch.get(HEADER + 1) == MARK_LENGTH
                        && batch.getInt(HEADER + 2) == MARK_NAME
                ? batch.getLong(HEADER + 2 + Integer.BYTES)
                : -1;
    }

    /// Whether a store made it.
    boolean isOf(RocksStore store) {
        return owner == store;
    }

    @Override
    public void put(Table table, byte[] key, byte[] value) {
        change(PUT, table, key, value);
    }

    @Override
    public void delete(Table table, byte[] key) {
        change(DELETE, table, key, null);
    }

    @Override
    public void deleteRange(Table table, byte[] from, byte[] to) {
        if (Arrays.compareUnsigned(from, to) < 0) {
            change(DELETE_RANGE, table, from, to);
        }
    }

    private void change(byte kind, Table table, byte[] key, byte @Nullable [] value) {
        if (taken) {
            throw new IllegalStateException("a batch is written once");
        }
        // A kind, a number of at most five bytes three times, and the bytes themselves.
        reserve(16 + (long) key.length + (value == null ? 0 : value.length));
        bytes[at++] = kind;
        number(families.number(table));
        bytes(key);
        if (value != null) {
            bytes(value);
        }
        count++;
    }

    private void reserve(long more) {
        if (at + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(at + more, Math.min(bytes.length * 2L, MOST))));
        }
    }

    private static final long MOST = Integer.MAX_VALUE - 16;

    private void number(int value) {
        int rest = value;
        while (rest >>> 7 != 0) {
            bytes[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[at++] = (byte) rest;
    }

    private void bytes(byte[] value) {
        number(value.length);
        System.arraycopy(value, 0, bytes, at, value.length);
        at += value.length;
    }

    /// The batch as RocksDB reads it; it can't be changed any more.
    byte[] take() {
        if (taken) {
            throw new IllegalStateException("a batch is written once");
        }
        taken = true;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(COUNT_AT, count);
        byte[] all = Arrays.copyOf(bytes, at);
        bytes = new byte[0];
        return all;
    }

    /// How many changes it holds.
    int count() {
        return count;
    }
}
