package dev.fanfare.topic;

import dev.fanfare.Message;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The messages of one topic that wait for their time: a binary heap in arrays, by time and then in the order of their
/// publishing. 20 bytes for each beside the message itself. Guarded by the lock of [DelayedMessages].
final class DelayedQueue {

    /// Where a queue stands that is in no heap.
    static final int NOWHERE = -1;

    private static final int FIRST_CAPACITY = 4;

    final LiveTopic topic;

    /// Its place in the heap of queues.
    int place = NOWHERE;

    /// Not looked at before, though its first message may be due: the topic had no room.
    long notBefore = Long.MIN_VALUE;

    /// What its messages cost.
    long bytes;

    private long[] dues = new long[FIRST_CAPACITY];
    private long[] sequences = new long[FIRST_CAPACITY];
    private @Nullable Message[] messages = new @Nullable Message[FIRST_CAPACITY];

    /// Read by anybody for figures.
    private volatile int size;

    DelayedQueue(LiveTopic topic) {
        this.topic = topic;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// When its first message is to be looked at.
    long next() {
        return Math.max(dues[0], notBefore);
    }

    long firstDue() {
        return dues[0];
    }

    long firstSequence() {
        return sequences[0];
    }

    void add(long due, long sequence, Message message) {
        int count = size;
        if (count == dues.length) {
            resize(count * 2);
        }
        int at = count;
        while (at > 0) {
            int parent = (at - 1) / 2;
            if (!isBefore(due, sequence, parent)) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        put(at, due, sequence, message);
        size = count + 1;
    }

    /// One of its messages.
    interface Visitor {
        void visit(long due, long sequence, Message message);
    }

    /// All of them, in no order.
    void forEach(Visitor visitor) {
        for (int at = 0; at < size; at++) {
            visitor.visit(dues[at], sequences[at], Objects.requireNonNull(messages[at]));
        }
    }

    Message removeFirst() {
        Message first = Objects.requireNonNull(messages[0]);
        int last = size - 1;
        long due = dues[last];
        long sequence = sequences[last];
        Message message = Objects.requireNonNull(messages[last]);
        messages[last] = null;
        size = last;
        if (last > 0) {
            int at = 0;
            for (int child = 1; child < last; child = 2 * at + 1) {
                if (child + 1 < last && isBefore(dues[child + 1], sequences[child + 1], child)) {
                    child++;
                }
                if (isBefore(due, sequence, child)) {
                    break;
                }
                move(child, at);
                at = child;
            }
            put(at, due, sequence, message);
        }
        if (dues.length > FIRST_CAPACITY && last <= dues.length / 4) {
            resize(dues.length / 2);
        }
        return first;
    }

    private boolean isBefore(long due, long sequence, int other) {
        return due < dues[other] || due == dues[other] && sequence < sequences[other];
    }

    private void move(int from, int to) {
        put(to, dues[from], sequences[from], messages[from]);
    }

    private void put(int at, long due, long sequence, @Nullable Message message) {
        dues[at] = due;
        sequences[at] = sequence;
        messages[at] = message;
    }

    private void resize(int capacity) {
        dues = Arrays.copyOf(dues, capacity);
        sequences = Arrays.copyOf(sequences, capacity);
        messages = Arrays.copyOf(messages, capacity);
    }
}
