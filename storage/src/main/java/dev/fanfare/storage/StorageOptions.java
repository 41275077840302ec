package dev.fanfare.storage;

/// How a [RocksStore] uses its machine.
///
/// @param memory bytes of native memory, beside the JVM's heap: write buffers and cached blocks together. Half of it at
///     most are write buffers. At least 8 MiB.
/// @param log bytes of the write-ahead log at most, roughly: what is read again when it is opened after a crash. At
///     least 1 MiB.
/// @param reserve bytes of the device that are kept free: [RocksStore#room] leaves them out, so that what has to be
///     written when it is full (acknowledgements, deletions, compaction) still can be
public record StorageOptions(long memory, long log, long reserve) {

    /// 128 MiB of memory, 128 MiB of log, 64 MiB kept free.
    public static final StorageOptions DEFAULT = new StorageOptions(128 << 20, 128 << 20, 64 << 20);

    /// Checks the bounds.
    public StorageOptions {
        atLeast("memory", memory, 8 << 20);
        atLeast("log", log, 1 << 20);
        atLeast("reserve", reserve, 0);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
    }

    /// Another memory.
    public StorageOptions withMemory(long bytes) {
        return new StorageOptions(bytes, log, reserve);
    }

    /// Another bound of the log.
    public StorageOptions withLog(long bytes) {
        return new StorageOptions(memory, bytes, reserve);
    }

    /// Another reserve.
    public StorageOptions withReserve(long bytes) {
        return new StorageOptions(memory, log, bytes);
    }
}
