package dev.fanfare.server;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// A part of the memory that the process may use.
///
/// @param percent of the memory; 0 when `bytes` counts
/// @param bytes the part itself, when `percent` is 0
public record MemoryShare(int percent, long bytes) {

    private static final long GIB = 1L << 30;
    private static final long FLOOR = 64L << 20;

    /// A share in percent.
    public static MemoryShare percent(int percent) {
        return new MemoryShare(percent, 0);
    }

    /// A share in bytes.
    public static MemoryShare bytes(long bytes) {
        return new MemoryShare(0, bytes);
    }

    /// What a process may use by default: the smaller of 1 GiB and a quarter of the machine (or its container).
    public static long ofMachine() {
        var system = ManagementFactory.getOperatingSystemMXBean();
        long machine = system instanceof OperatingSystemMXBean known ? known.getTotalMemorySize() : 4 * GIB;
        return Math.max(FLOOR, Math.min(GIB, machine / 4));
    }

    /// The share in bytes.
    ///
    /// @param memory what the process may use, in bytes
    public long of(long memory) {
        return percent == 0 ? bytes : memory / 100 * percent;
    }
}
