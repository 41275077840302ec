package dev.fanfare.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The settings that a topic can be made with. The server judges them.
final class TopicOptions {

    private static final String N = "N";

    @Option(names = "--history", paramLabel = N, description = "Messages that are kept for replay.")
    private @Nullable Long history;

    @Option(names = "--history-bytes", paramLabel = N, description = "Bytes of messages that are kept.")
    private @Nullable Long historyBytes;

    @Option(names = "--history-ms", paramLabel = N, description = "How long messages are kept, in milliseconds.")
    private @Nullable Long historyMillis;

    @Option(names = "--durable", description = "Keep them on disk, so that they outlive the server.")
    private @Nullable Boolean durable;

    @Option(names = "--durability", paramLabel = "LEVEL", description = "memory, written or synced.")
    private @Nullable String durability;

    @Option(names = "--compact", description = "Of each key only the newest message is kept.")
    private @Nullable Boolean compact;

    @Option(names = "--queue", paramLabel = N, description = "Messages that may wait for a slow subscription.")
    private @Nullable Long queue;

    @Option(
            names = "--overflow",
            paramLabel = "POLICY",
            description = "When more wait: drop_oldest, drop_newest, block, refuse, disconnect or spill.")
    private @Nullable String overflow;

    @Option(
            names = "--ordering",
            paramLabel = "ORDER",
            description = "Order in consumer groups: fifo, partitioned or global.")
    private @Nullable String ordering;

    @Option(names = "--partitions", paramLabel = N, description = "Lanes of a partitioned order.")
    private @Nullable Long partitions;

    @Option(names = "--backlog", paramLabel = N, description = "Messages that wait to be acknowledged, at most.")
    private @Nullable Long backlog;

    @Option(names = "--backlog-bytes", paramLabel = N, description = "Bytes of those, at most.")
    private @Nullable Long backlogBytes;

    @Option(
            names = "--backlog-overflow",
            paramLabel = "POLICY",
            description = "When there are more: refuse, dead_letter or spill.")
    private @Nullable String backlogOverflow;

    @Option(
            names = "--dead-letter",
            paramLabel = "TOPIC",
            description = "Which topic keeps what acknowledged subscriptions give up.")
    private @Nullable String deadLetter;

    @Option(
            names = "--dedup-ms",
            paramLabel = N,
            description = "Pass over a message whose id came before within so many milliseconds; with --dedup-count.")
    private @Nullable Long dedupMillis;

    @Option(names = "--dedup-count", paramLabel = N, description = "How many ids are remembered for that.")
    private @Nullable Long dedupCount;

    /// The body of the call that makes a topic, but its name.
    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        put(body, "history", history);
        put(body, "history_bytes", historyBytes);
        put(body, "history_ms", historyMillis);
        put(body, "durable", durable);
        put(body, "durability", durability);
        put(body, "compact", compact);
        put(body, "queue", queue);
        put(body, "overflow", overflow);
        put(body, "ordering", ordering);
        put(body, "partitions", partitions);
        put(body, "backlog", backlog);
        put(body, "backlog_bytes", backlogBytes);
        put(body, "backlog_overflow", backlogOverflow);
        put(body, "dead_letter", deadLetter);
        Map<String, Object> dedup = new TreeMap<>();
        put(dedup, "window_ms", dedupMillis);
        put(dedup, "count", dedupCount);
        put(body, "dedup", dedup.isEmpty() ? null : dedup);
        return body;
    }

    private static void put(Map<String, Object> body, String name, @Nullable Object value) {
        if (value != null) {
            body.put(name, value);
        }
    }
}
