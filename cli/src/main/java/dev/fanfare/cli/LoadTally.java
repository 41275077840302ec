package dev.fanfare.cli;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/// What the connections of a load count. Any thread.
final class LoadTally {

    /// Latencies above are taken for it.
    static final long MICROS_MAX = 120_000_000;

    private static final int DIGITS = 3;
    private static final int STRIPES = 8;

    /// Publishes of the measured time that the server has acknowledged.
    final LongAdder published = new LongAdder();

    /// Messages of the measured time that came to subscribers.
    final LongAdder delivered = new LongAdder();

    /// What came to subscribers since the start, warm-up included.
    final LongAdder heard = new LongAdder();

    /// What should come to subscribers: for each acknowledged publish one per subscriber of its topic.
    final LongAdder expected = new LongAdder();

    /// Messages that subscribers were told of as dropped.
    final LongAdder dropped = new LongAdder();

    /// Connections that broke and were made anew.
    final LongAdder reconnects = new LongAdder();

    /// The most that a publish came later than its time, in nanoseconds, though the server owed nothing.
    final AtomicLong late = new AtomicLong();

    private final Map<String, LongAdder> errors = new ConcurrentSkipListMap<>();
    private final Recorder[] recorders = new Recorder[STRIPES];

    LoadTally() {
        for (int i = 0; i < STRIPES; i++) {
            recorders[i] = new Recorder(1, MICROS_MAX, DIGITS);
        }
    }

    static Histogram histogram() {
        return new Histogram(1, MICROS_MAX, DIGITS);
    }

    /// One message took so long to a subscriber.
    void latency(int subscriber, long nanos) {
        recorders[subscriber % STRIPES].recordValue(Math.clamp(nanos / 1_000, 1, MICROS_MAX));
    }

    /// The latencies since this was asked last, in microseconds.
    Histogram latencies() {
        Histogram all = histogram();
        for (Recorder each : recorders) {
            all.add(each.getIntervalHistogram());
        }
        return all;
    }

    /// So many publishes came to nothing.
    void error(String code, long count) {
        if (count > 0) {
            errors.computeIfAbsent(code, _ -> new LongAdder()).add(count);
        }
    }

    /// By their codes.
    Map<String, Long> errors() {
        Map<String, Long> all = new ConcurrentSkipListMap<>();
        errors.forEach((code, count) -> all.put(code, count.sum()));
        return all;
    }
}
