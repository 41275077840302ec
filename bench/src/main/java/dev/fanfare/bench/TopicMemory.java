package dev.fanfare.bench;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import java.util.ArrayList;
import java.util.List;

/// What a topic costs in heap: 100,000 topics with one message each, against the same messages alone.
public final class TopicMemory {

    private static final int TOPICS = 100_000;

    private TopicMemory() {}

    /// Prints bytes per topic.
    public static void main(String[] arguments) {
        List<Message> messages = new ArrayList<>(TOPICS);
        long before = used();
        for (int i = 0; i < TOPICS; i++) {
            messages.add(Message.text("x".repeat(100) + i).withId("00000000-0000-4000-8000-%012d".formatted(i)));
        }
        long withMessages = used();
        try (Broker broker = Broker.open(BrokerConfig.defaults())) {
            for (int i = 0; i < TOPICS; i++) {
                broker.publish("sensors/building-7/" + i, messages.get(i));
            }
            long withTopics = used();
            System.out.printf(
                    "message alone: %d bytes; topic beside it: %d bytes (%d topics)%n",
                    (withMessages - before) / TOPICS,
                    (withTopics - withMessages) / TOPICS,
                    broker.stats().topics().size());
        }
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
