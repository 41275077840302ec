package dev.fanfare.topic;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Dedup;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Durability;
import dev.fanfare.Ordering;
import dev.fanfare.Overflow;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a topic is stored: its name, its epoch, and its settings, each by name, so that later versions may add
/// some. A setting that is not there has the value that it had before it existed.
///
/// @param name of the topic
/// @param epoch of its log
/// @param config what it was made with
record TopicForm(String name, String epoch, TopicConfig config) {

    private static final int FORM = 1;

    byte[] toBytes() {
        Map<String, String> settings = settings(config);
        ByteWriter out = new ByteWriter(256).octet(FORM).text(name).text(epoch).number(settings.size());
        settings.forEach((setting, value) -> out.text(setting).text(value));
        return out.toByteArray();
    }

    static TopicForm of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("a topic is stored in an unknown form");
        }
        String name = in.text();
        String epoch = in.text();
        Map<String, String> settings = new HashMap<>();
        for (long left = in.number(); left > 0; left--) {
            settings.put(in.text(), in.text());
        }
        try {
            return new TopicForm(name, epoch, config(settings));
        } catch (RuntimeException e) {
            throw in.corrupt("the settings of topic '" + name + "' make no sense (" + e.getMessage() + ")");
        }
    }

    private static Map<String, String> settings(TopicConfig config) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("history", String.valueOf(config.history()));
        settings.put("history-bytes", String.valueOf(config.historyBytes()));
        settings.put("history-age", config.historyAge().toString());
        settings.put("durability", config.durability().label());
        settings.put("ordering", config.ordering().label());
        settings.put("partitions", String.valueOf(config.partitions()));
        settings.put("queue", String.valueOf(config.queue()));
        settings.put("compact", String.valueOf(config.compact()));
        settings.put("backlog", String.valueOf(config.backlog()));
        settings.put("backlog-bytes", String.valueOf(config.backlogBytes()));
        settings.put("backlog-overflow", config.backlogOverflow().label());
        String deadLetter = config.deadLetter();
        if (deadLetter != null) {
            settings.put("dead-letter", deadLetter);
        }
        DeliveryStrategy delivery = config.delivery();
        if (delivery != null) {
            settings.put(
                    "delivery",
                    delivery instanceof DeliveryStrategy.Batched(int size, Duration linger)
                            ? size + " " + linger
                            : "immediate");
        }
        Overflow overflow = config.overflow();
        if (overflow != null) {
            settings.put("overflow", overflow(overflow));
        }
        Dedup dedup = config.dedup();
        if (dedup != null) {
            settings.put("dedup", dedup.count() + " " + dedup.window());
        }
        return settings;
    }

    private static TopicConfig config(Map<String, String> settings) {
        return TopicConfig.defaults()
                .withHistory(Integer.parseInt(required(settings, "history")))
                .withHistoryBytes(Long.parseLong(required(settings, "history-bytes")))
                .withHistoryAge(Duration.parse(required(settings, "history-age")))
                .withPartitions(Integer.parseInt(required(settings, "partitions")))
                .withOrdering(ordering(required(settings, "ordering")))
                .withQueue(Integer.parseInt(required(settings, "queue")))
                .withDurability(Durability.of(required(settings, "durability")))
                .withCompact(Boolean.parseBoolean(settings.get("compact")))
                .withDelivery(delivery(settings.get("delivery")))
                .withOverflow(overflow(settings.get("overflow")))
                .withDedup(dedup(settings.get("dedup")))
                .withBacklog(
                        Integer.parseInt(settings.getOrDefault("backlog", "100000")),
                        Long.parseLong(settings.getOrDefault("backlog-bytes", "67108864")))
                .withBacklogOverflow(BacklogOverflow.of(settings.getOrDefault("backlog-overflow", "refuse")))
                .withDeadLetter(settings.get("dead-letter"));
    }

    private static String required(Map<String, String> settings, String name) {
        return Objects.requireNonNull(settings.get(name), name);
    }

    private static Ordering ordering(String label) {
        for (Ordering each : Ordering.values()) {
            if (each.label().equals(label)) {
                return each;
            }
        }
        throw new IllegalArgumentException("ordering " + label);
    }

    private static @Nullable DeliveryStrategy delivery(@Nullable String stored) {
        if (stored == null) {
            return null;
        }
        String[] parts = stored.split(" ", -1);
        return parts.length == 2
                ? DeliveryStrategy.batched(Integer.parseInt(parts[0]), Duration.parse(parts[1]))
                : DeliveryStrategy.immediate();
    }

    private static String overflow(Overflow overflow) {
        return switch (overflow) {
            case Overflow.DropOldest _ -> "drop_oldest";
            case Overflow.DropNewest _ -> "drop_newest";
            case Overflow.Block(Duration timeout) -> "block " + timeout;
            case Overflow.Refuse _ -> "refuse";
            case Overflow.Disconnect _ -> "disconnect";
            case Overflow.Spill _ -> "spill";
        };
    }

    private static @Nullable Overflow overflow(@Nullable String stored) {
        if (stored == null) {
            return null;
        }
        String[] parts = stored.split(" ", -1);
        return switch (parts[0]) {
            case "drop_oldest" -> Overflow.dropOldest();
            case "drop_newest" -> Overflow.dropNewest();
            case "block" -> Overflow.block(Duration.parse(parts[1]));
            case "refuse" -> Overflow.refuse();
            case "disconnect" -> Overflow.disconnect();
            case "spill" -> Overflow.spill();
            default -> throw new IllegalArgumentException("overflow " + stored);
        };
    }

    private static @Nullable Dedup dedup(@Nullable String stored) {
        if (stored == null) {
            return null;
        }
        String[] parts = stored.split(" ", -1);
        return new Dedup(Duration.parse(parts[1]), Integer.parseInt(parts[0]));
    }
}
