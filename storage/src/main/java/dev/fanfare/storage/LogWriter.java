package dev.fanfare.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// Writes records at the end of a log of RocksDB, as [LogReader] reads them.
final class LogWriter implements AutoCloseable {

    private final FileChannel channel;
    private final CRC32C sum = new CRC32C();
    private int at;

    /// A log that is new, or whose last record ends with the file.
    LogWriter(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ);
        channel.position(channel.size());
        at = (int) (channel.size() % LogReader.BLOCK);
    }

    /// Appends a record.
    void write(byte[] record) throws IOException {
        int from = 0;
        do {
            if (LogReader.BLOCK - at < LogReader.HEADER) {
                write(ByteBuffer.allocate(LogReader.BLOCK - at));
                at = 0;
            }
            int bytes = Math.min(record.length - from, LogReader.BLOCK - at - LogReader.HEADER);
            fragment(record, from, bytes);
            from += bytes;
        } while (from < record.length);
    }

    private void fragment(byte[] record, int from, int bytes) throws IOException {
        boolean begins = from == 0;
        boolean ends = from + bytes == record.length;
        int kind = begins ? (ends ? LogReader.FULL : LogReader.FIRST) : ends ? LogReader.LAST : LogReader.MIDDLE;
        ByteBuffer fragment = ByteBuffer.allocate(LogReader.HEADER + bytes).order(ByteOrder.LITTLE_ENDIAN);
        fragment.putShort(4, (short) bytes).put(6, (byte) kind).put(LogReader.HEADER, record, from, bytes);
        fragment.putInt(0, LogReader.stored(sum, fragment.array(), 6, bytes + 1));
        write(fragment);
        at += LogReader.HEADER + bytes;
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /// Everything written survives the power.
    @Override
    public void close() throws IOException {
        try (channel) {
            channel.force(true);
        }
    }
}
