package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/// What failures of RocksDB and of the file system mean.
final class Failures {

    private static final Pattern TABLE_FILE = Pattern.compile("(\\d{6,})\\.sst");

    private Failures() {}

    /// Why it failed.
    static Reason reason(RocksDBException failure) {
        Status status = failure.getStatus();
        String text = text(failure);
        if (status != null && status.getSubCode() == Status.SubCode.NoSpace || isFull(text)) {
            return Reason.FULL;
        }
        boolean corrupt = status != null && status.getCode() == Status.Code.Corruption;
        return corrupt || text.startsWith("Corruption") || isMissing(text) ? Reason.CORRUPT : Reason.FAILED;
    }

    /// Part of what was stored is not there.
    private static boolean isMissing(String text) {
        return text.contains("No such file or directory") && tableFile(text) != null;
    }

    private static boolean isFull(String text) {
        return text.contains("No space left") || text.contains("Disk quota exceeded");
    }

    /// The file with a part of a table that a message of RocksDB names; null when it names none.
    static @Nullable String tableFile(String text) {
        Matcher matcher = TABLE_FILE.matcher(text);
        return matcher.find() ? matcher.group() : null;
    }

    /// What RocksDB says.
    static String text(Exception failure) {
        String message = failure.getMessage();
        return message == null ? failure.toString() : message;
    }

    /// @param what what was tried, and where
    static StoreException of(String what, RocksDBException failure) {
        return new StoreException(reason(failure), "could not " + what + ": " + text(failure), failure);
    }

    /// @param what what was tried, and where
    static StoreException of(String what, IOException failure) {
        Reason reason = isFull(text(failure)) ? Reason.FULL : Reason.FAILED;
        return new StoreException(reason, "could not " + what + ": " + failure, failure);
    }
}
