package dev.fanfare.storage;

import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;

/// How RocksDB is set up: for values that come in order and are read in order, with memory that is bounded as a whole.
///
/// Write buffers are counted in the cache, and so are indices and filters: its capacity is all there is, but for what
/// open scans hold and about 10 KiB for each open file.
final class Tuning implements AutoCloseable {

    /// Files that are kept open at most. A number, not all of them: opening the store then does not open each file.
    private static final int OPEN_FILES = 512;

    /// A damaged block loses what is in it, a large one needs less of an index.
    private static final int BLOCK = 16 << 10;

    private static final int BLOOM_BITS = 10;
    private static final int NEVER = 1 << 30;

    static {
        RocksDB.loadLibrary();
    }

    private final StorageOptions options;
    private final List<AbstractNativeReference> owned = new ArrayList<>();
    private final Cache cache;
    private final WriteBufferManager buffers;
    private final BloomFilter bloom;

    Tuning(StorageOptions options) {
        this.options = options;
        cache = own(new LRUCache(options.memory()));
        buffers = own(new WriteBufferManager(options.memory() / 2, cache));
        bloom = own(new BloomFilter(BLOOM_BITS));
    }

    private <T extends AbstractNativeReference> T own(T object) {
        owned.add(object);
        return object;
    }

    private static <T extends AbstractNativeReference> T into(List<AbstractNativeReference> target, T object) {
        target.add(object);
        return object;
    }

    /// Bytes of native memory in use.
    long used() {
        return cache.getUsage();
    }

    /// The options of the database.
    ///
    /// @param create whether it may be made
    /// @param target what has to be released once the database is closed
    DBOptions database(boolean create, List<AbstractNativeReference> target) {
        return into(
                target,
                new DBOptions()
                        .setCreateIfMissing(create)
                        // Which may be missing was looked at before.
                        .setCreateMissingColumnFamilies(true)
                        .setWriteBufferManager(buffers)
                        .setMaxTotalWalSize(options.log())
                        // What is torn or damaged has been put right before: anything else is an error.
                        .setWalRecoveryMode(WALRecoveryMode.AbsoluteConsistency)
                        .setMaxOpenFiles(OPEN_FILES)
                        .setSkipStatsUpdateOnDbOpen(true)
                        .setMaxManifestFileSize(16 << 20)
                        .setMaxBackgroundJobs(2)
                        .setBytesPerSync(1 << 20)
                        // After a failure nothing goes on by itself: the store is opened again, which looks what was
                        // written.
                        .setMaxBgErrorResumeCount(0)
                        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                        .setMaxLogFileSize(4 << 20)
                        .setKeepLogFileNum(4)
                        .setStatsDumpPeriodSec(0)
                        .setStatsPersistPeriodSec(0));
    }

    /// The options of the column family that holds nothing.
    ColumnFamilyOptions unused(List<AbstractNativeReference> target) {
        return into(target, new ColumnFamilyOptions().setWriteBufferSize(64 << 10));
    }

    /// The options of a table.
    ///
    /// @param degraded whether it is left as it is, because compaction would come upon something damaged
    /// @param target what has to be released once the database is closed
    ColumnFamilyOptions of(Table table, boolean degraded, List<AbstractNativeReference> target) {
        boolean large = table == Table.MESSAGES;
        long buffer = Math.clamp(options.memory() / (large ? 6 : 16), 1 << 20, 64 << 20);
        BlockBasedTableConfig blocks = new BlockBasedTableConfig()
                .setBlockSize(BLOCK)
                .setBlockCache(cache)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true);
        if (!large) {
            blocks.setFilterPolicy(bloom);
        }
        return into(
                target,
                new ColumnFamilyOptions()
                        .setWriteBufferSize(buffer)
                        .setMaxWriteBufferNumber(3)
                        .setTargetFileSizeBase(large ? 64 << 20 : 16 << 20)
                        .setMaxBytesForLevelBase(large ? 256 << 20 : 64 << 20)
                        .setMemtableMaxRangeDeletions(1000)
                        .setCompressionType(CompressionType.LZ4_COMPRESSION)
                        .setTableFormatConfig(blocks)
                        .setDisableAutoCompactions(degraded)
                        .setLevel0SlowdownWritesTrigger(slowAt(degraded))
                        .setLevel0StopWritesTrigger(stopAt(degraded))
                        .setSoftPendingCompactionBytesLimit(slowAtPending(degraded))
                        .setHardPendingCompactionBytesLimit(stopAtPending(degraded)));
    }

    /// At how many files that wait for compaction writing becomes slower.
    static int slowAt(boolean degraded) {
        return degraded ? NEVER : 20;
    }

    /// At how many files that wait for compaction writing stops.
    static int stopAt(boolean degraded) {
        return degraded ? NEVER : 36;
    }

    /// At how many bytes that wait for compaction writing becomes slower; 0: never.
    static long slowAtPending(boolean degraded) {
        return degraded ? 0 : 64L << 30;
    }

    /// At how many bytes that wait for compaction writing stops; 0: never.
    static long stopAtPending(boolean degraded) {
        return degraded ? 0 : 256L << 30;
    }

    /// Releases everything, the database being closed.
    @Override
    public void close() {
        for (AbstractNativeReference object : owned.reversed()) {
            object.close();
        }
        owned.clear();
    }
}
