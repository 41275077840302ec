package dev.fanfare.server.figures;

import dev.fanfare.feed.Latency;
import dev.fanfare.feed.LatencyCounts;
import java.util.ArrayDeque;
import java.util.List;

/// The last [#WINDOW] intervals of something. Any thread.
public final class Series {

    /// How many samples are kept.
    public static final int WINDOW = 120;

    /// What there is at one moment: sums since some beginning, and what is so now.
    ///
    /// @param nanos when, on the clock that never goes back
    /// @param millis when, in milliseconds since 1970
    public record Reading(
            long nanos,
            long millis,
            long published,
            long delivered,
            long dropped,
            int topics,
            int subscribers,
            long queueDepth,
            LatencyCounts latency) {}

    /// The samples, and the latency over all of them.
    ///
    /// @param samples oldest first
    /// @param newest the number of the newest sample there is; 0 when there is none
    /// @param latency of the whole window
    public record Window(List<Sample> samples, long newest, Latency latency) {}

    private record Kept(Sample sample, LatencyCounts before) {}

    private final ArrayDeque<Kept> kept = new ArrayDeque<>();
    private Reading last;
    private long number;

    /// Begins now.
    public Series(Reading first) {
        this.last = first;
    }

    /// An interval is over. One that is not later than the last is passed over.
    synchronized void add(Reading now) {
        double seconds = (now.nanos - last.nanos) / 1e9;
        if (seconds <= 0) {
            return;
        }
        if (kept.size() == WINDOW) {
            kept.remove();
        }
        kept.add(new Kept(
                new Sample(
                        ++number,
                        now.millis,
                        seconds,
                        Math.max(0, now.published - last.published),
                        Math.max(0, now.delivered - last.delivered),
                        Math.max(0, now.dropped - last.dropped),
                        now.topics,
                        now.subscribers,
                        now.queueDepth,
                        now.latency.since(last.latency)),
                last.latency));
        // A sum that lacks a topic which is just being deleted has it again a moment later.
        last = new Reading(
                now.nanos,
                now.millis,
                Math.max(now.published, last.published),
                Math.max(now.delivered, last.delivered),
                Math.max(now.dropped, last.dropped),
                now.topics,
                now.subscribers,
                now.queueDepth,
                now.latency);
    }

    /// What was read last.
    public synchronized Reading last() {
        return last;
    }

    /// The samples after the one with this number.
    public synchronized Window after(long sample) {
        List<Sample> newer = kept.stream()
                .map(Kept::sample)
                .filter(each -> each.number() > sample)
                .toList();
        LatencyCounts begin = kept.isEmpty() ? last.latency : kept.getFirst().before;
        return new Window(newer, number, last.latency.since(begin));
    }
}
