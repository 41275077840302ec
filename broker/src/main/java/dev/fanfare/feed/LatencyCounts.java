package dev.fanfare.feed;

/// The buckets of a [LatencyHistogram] at one moment. Immutable.
public final class LatencyCounts {

    /// Before anything was counted.
    public static final LatencyCounts NONE = new LatencyCounts(new long[0], 0);

    private final long[] counts;
    private final long sum;

    /// @param counts how many times fell into each bucket; belongs to it
    /// @param sum of the times, in nanoseconds
    LatencyCounts(long[] counts, long sum) {
        this.counts = counts;
        this.sum = sum;
    }

    /// What was counted after an earlier moment of the same histogram.
    public Latency since(LatencyCounts before) {
        long[] added = counts.clone();
        long total = 0;
        for (int i = 0; i < added.length; i++) {
            added[i] -= i < before.counts.length ? before.counts[i] : 0;
            total += added[i];
        }
        return total <= 0
                ? Latency.NONE
                : new Latency(
                        total,
                        Math.max(0, sum - before.sum) / total,
                        percentile(added, total, 0.50),
                        percentile(added, total, 0.95),
                        percentile(added, total, 0.99),
                        percentile(added, total, 1));
    }

    private static long percentile(long[] counts, long total, double share) {
        long wanted = (long) Math.ceil(total * share);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return LatencyHistogram.upper(i);
            }
        }
        return LatencyHistogram.upper(counts.length - 1);
    }
}
