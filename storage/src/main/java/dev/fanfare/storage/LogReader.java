package dev.fanfare.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Reads a log of RocksDB, and says what in it can't be read.
///
/// A log is a sequence of blocks of 32 KiB. A record lies in one or more fragments, none of which crosses a block; each
/// has a header of 7 bytes: check sum, length, kind. After something that is damaged it goes on with the next fragment
/// whose check sum is right.
final class LogReader implements AutoCloseable {

    static final int BLOCK = 32 * 1024;
    static final int HEADER = 7;
    static final int FULL = 1;
    static final int FIRST = 2;
    static final int MIDDLE = 3;
    static final int LAST = 4;

    /// A record, or a part of the file that is none.
    ///
    /// @param from where it begins
    /// @param end where it ends
    /// @param content null when it can't be read
    record Item(long from, long end, byte @Nullable [] content) {}

    private static final int MASK_DELTA = 0xa282ead8;

    private final FileChannel channel;
    private final byte[] block = new byte[BLOCK];
    private final ByteBuffer header = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C sum = new CRC32C();
    private final ByteArrayOutputStream fragments = new ByteArrayOutputStream();
    private final long size;
    private long blockAt = -BLOCK;
    private int length;
    private int at;
    private long recordFrom = -1;
    private long gapFrom = -1;

    LogReader(Path file) throws IOException {
        channel = FileChannel.open(file);
        size = channel.size();
    }

    /// The check sum of a fragment as it is stored.
    static int stored(CRC32C sum, byte[] bytes, int kindAt, int length) {
        sum.reset();
        sum.update(bytes, kindAt, length);
        int value = (int) sum.getValue();
        return (value >>> 15 | value << 17) + MASK_DELTA;
    }

    /// How long the file is.
    long size() {
        return size;
    }

    /// The next record or gap; null at the end.
    @Nullable
    Item next() throws IOException {
        while (true) {
            if (length - at < HEADER) {
                if (at < length && length < BLOCK) {
                    damaged();
                }
                if (!nextBlock()) {
                    return gapFrom >= 0 || recordFrom >= 0 ? gap(size) : null;
                }
            } else if (!isFragment()) {
                damaged();
                at++;
            } else if (startsRecord() && (gapFrom >= 0 || recordFrom >= 0)) {
                return gap(blockAt + at);
            } else {
                Item record = fragment();
                if (record != null) {
                    return record;
                }
            }
        }
    }

    private Item gap(long end) {
        Item gap = new Item(gapFrom >= 0 ? gapFrom : recordFrom, end, null);
        gapFrom = -1;
        recordFrom = -1;
        return gap;
    }

    private void damaged() {
        if (gapFrom < 0) {
            gapFrom = recordFrom >= 0 ? recordFrom : blockAt + at;
        }
        recordFrom = -1;
    }

    private boolean nextBlock() throws IOException {
        if (blockAt + BLOCK >= size) {
            at = length;
            return false;
        }
        blockAt += BLOCK;
        at = 0;
        length = (int) Math.min(BLOCK, size - blockAt);
        ByteBuffer target = ByteBuffer.wrap(block, 0, length);
        while (target.hasRemaining()) {
            if (channel.read(target, blockAt + target.position()) < 0) {
                throw new IOException("the file became shorter while it was read");
            }
        }
        return true;
    }

    private boolean isFragment() {
        int bytes = Short.toUnsignedInt(header.getShort(at + 4));
        int kind = block[at + 6];
        return kind != 0 && at + HEADER + bytes <= length && stored(sum, block, at + 6, bytes + 1) == header.getInt(at);
    }

    private boolean startsRecord() {
        return block[at + 6] == FULL || block[at + 6] == FIRST;
    }

    /// Takes the fragment; the record, if it completes one.
    private @Nullable Item fragment() {
        long from = blockAt + at;
        int bytes = Short.toUnsignedInt(header.getShort(at + 4));
        int content = at + HEADER;
        int kind = block[at + 6];
        at = content + bytes;
        if (kind == FULL || kind == FIRST) {
            fragments.reset();
            recordFrom = from;
        } else if (kind > LAST || kind < 0) {
            return null; // Says something of the file; holds no record.
        } else if (recordFrom < 0) {
            gapFrom = gapFrom < 0 ? from : gapFrom;
            return null;
        }
        fragments.write(block, content, bytes);
        if (kind == FIRST || kind == MIDDLE) {
            return null;
        }
        Item record = new Item(recordFrom, blockAt + at, fragments.toByteArray());
        recordFrom = -1;
        return record;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
