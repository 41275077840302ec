package dev.fanfare.topic;

import java.util.ArrayList;
import java.util.List;

/// A binary heap of the queues of topics that are not empty, by when the first message of each is to be looked at.
/// Guarded by the lock of [DelayedMessages].
final class DelayedHeap {

    private final List<DelayedQueue> queues = new ArrayList<>();

    boolean isEmpty() {
        return queues.isEmpty();
    }

    /// The one that is next.
    DelayedQueue first() {
        return queues.getFirst();
    }

    /// All of them, in no order.
    List<DelayedQueue> queues() {
        return queues;
    }

    /// Puts a queue where it belongs: its first message may have changed.
    void settle(DelayedQueue queue) {
        if (queue.isEmpty()) {
            queue.notBefore = Long.MIN_VALUE;
            remove(queue);
            return;
        }
        if (queue.place == DelayedQueue.NOWHERE) {
            queue.place = queues.size();
            queues.add(queue);
        }
        down(up(queue.place));
    }

    /// Takes a queue out, if it is in here.
    void remove(DelayedQueue queue) {
        int at = queue.place;
        if (at == DelayedQueue.NOWHERE) {
            return;
        }
        queue.place = DelayedQueue.NOWHERE;
        DelayedQueue last = queues.removeLast();
        if (last != queue) {
            put(at, last);
            down(up(at));
        }
    }

    private int up(int from) {
        int at = from;
        DelayedQueue queue = queues.get(at);
        while (at > 0 && queue.next() < queues.get((at - 1) / 2).next()) {
            put(at, queues.get((at - 1) / 2));
            at = (at - 1) / 2;
        }
        put(at, queue);
        return at;
    }

    private void down(int from) {
        int at = from;
        DelayedQueue queue = queues.get(at);
        for (int child = 2 * at + 1; child < queues.size(); child = 2 * at + 1) {
            if (child + 1 < queues.size()
                    && queues.get(child + 1).next() < queues.get(child).next()) {
                child++;
            }
            if (queue.next() <= queues.get(child).next()) {
                break;
            }
            put(at, queues.get(child));
            at = child;
        }
        put(at, queue);
    }

    private void put(int at, DelayedQueue queue) {
        queues.set(at, queue);
        queue.place = at;
    }
}
