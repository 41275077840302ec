package dev.fanfare.server.metrics;

import dev.fanfare.server.Dialect;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// What a server counts beside what its broker does: whom it let in, what it answered, what it refused. Never a
/// message that was accepted on a WebSocket. Any thread.
public final class ServerCounts {

    private static final double NANOS_PER_SECOND = 1e9;

    /// Requests that were answered alike.
    ///
    /// @param method one that the server knows, or `other`
    /// @param route the path with its variable parts in braces; `none` when the request led nowhere
    public record Answered(Dialect dialect, String method, String route, int status) {}

    /// Requests that were refused alike.
    ///
    /// @param door `websocket` or `http`
    /// @param code as the standard dialect has it
    public record Refused(Dialect dialect, String door, String code) {}

    /// How many there were, and how long they took together.
    public static final class Spent {
        private final LongAdder count = new LongAdder();
        private final LongAdder nanos = new LongAdder();

        private Spent() {}

        /// How many.
        public long count() {
            return count.sum();
        }

        /// How long, in seconds.
        public double seconds() {
            return nanos.sum() / NANOS_PER_SECOND;
        }
    }

    // All bounded: dialects, routes, codes and statuses are those of the program.
    private final Map<Answered, Spent> answered = new ConcurrentHashMap<>();
    private final Map<Refused, LongAdder> refused = new ConcurrentHashMap<>();
    private final Map<Dialect, LongAdder> opened = new ConcurrentHashMap<>();

    /// Nothing was counted yet.
    public ServerCounts() {}

    /// A WebSocket was opened.
    public void opened(Dialect dialect) {
        opened.computeIfAbsent(dialect, _ -> new LongAdder()).increment();
    }

    /// A request over HTTP was answered, that long after it had come whole.
    public void answered(Answered which, long nanos) {
        Spent spent = answered.computeIfAbsent(which, _ -> new Spent());
        spent.count.increment();
        spent.nanos.add(nanos);
    }

    /// A request was refused.
    public void refused(Refused which) {
        refused.computeIfAbsent(which, _ -> new LongAdder()).increment();
    }

    /// See [#opened(Dialect)].
    public Map<Dialect, LongAdder> opened() {
        return Map.copyOf(opened);
    }

    /// See [#answered(Answered, long)].
    public Map<Answered, Spent> answered() {
        return Map.copyOf(answered);
    }

    /// See [#refused(Refused)].
    public Map<Refused, LongAdder> refused() {
        return Map.copyOf(refused);
    }
}
