package dev.fanfare.publishing;

import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.time.Timers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What waits for one topic, in order. Under the lock of its [PublishQueue].
final class Lane {

    final String topic;

    /// Those that are being published stay at the head until they have a result.
    private final ArrayDeque<Pending> queue = new ArrayDeque<>();

    private long bytes;

    /// How many from the head on need not wait for a whole batch.
    private int urgent;

    /// Whether a thread publishes from it.
    boolean running;

    /// Runs out when the oldest has lingered, or when the head is to be tried again.
    Timers.@Nullable Timer timer;

    /// How often the head was refused.
    int attempts;

    /// Whether the head waits to be tried again.
    boolean parked;

    record Pending(Message message, CompletableFuture<PublishResult> result) {
        int bytes() {
            return message.payload().storedSize();
        }
    }

    Lane(String topic) {
        this.topic = topic;
    }

    void add(Pending pending) {
        queue.add(pending);
        bytes += pending.bytes();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }

    /// Whether something is to be published without waiting any longer.
    boolean isDue(int batch, long batchBytes) {
        return !queue.isEmpty() && (urgent > 0 || queue.size() >= batch || bytes >= batchBytes);
    }

    void hurry() {
        urgent = queue.size();
    }

    List<Pending> head(int most) {
        List<Pending> head = new ArrayList<>(Math.min(most, queue.size()));
        for (Pending pending : queue) {
            if (head.size() == most) {
                break;
            }
            head.add(pending);
        }
        return head;
    }

    /// The oldest have a result.
    ///
    /// @return how many bytes they had
    long done(int count) {
        long before = bytes;
        for (int i = 0; i < count; i++) {
            bytes -= queue.remove().bytes();
        }
        urgent = Math.max(0, urgent - count);
        attempts = count > 0 ? 0 : attempts;
        return before - bytes;
    }

    CompletableFuture<PublishResult> last() {
        return queue.getLast().result();
    }

    void cancelTimer() {
        Timers.Timer set = timer;
        if (set != null) {
            set.cancel();
            timer = null;
        }
    }
}
