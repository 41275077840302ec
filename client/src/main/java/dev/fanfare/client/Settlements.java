package dev.fanfare.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a subscription has to say of deliveries, collected until it can be said: all acknowledgements of a topic are
/// one frame, each failure is one. Owned by one thread at a time.
final class Settlements {

    /// So many are a frame of at most a few kilobytes, and share what that costs.
    static final int MOST = 256;

    private record Log(String topic, String epoch) {}

    private final String clientId;
    private final Map<Log, List<Long>> done = new LinkedHashMap<>(2);
    private final List<String> failures = new ArrayList<>(0);
    private int size;

    Settlements(String clientId) {
        this.clientId = clientId;
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size >= MOST;
    }

    void add(Event event, Delivery.Outcome outcome) {
        size++;
        switch (outcome) {
            case Delivery.Outcome.Done _ ->
                done.computeIfAbsent(new Log(event.topic(), event.position().epoch()), log -> new ArrayList<>())
                        .add(event.position().offset());
            case Delivery.Outcome.Failed(var delay, var reason) ->
                failures.add(AckFrames.nack(clientId, event, delay, reason));
            case Delivery.Outcome.Rejected(String reason) -> failures.add(AckFrames.reject(clientId, event, reason));
        }
    }

    /// The frames that say it. A message that one attempt has done and another has not is done.
    List<String> frames() {
        List<String> frames = new ArrayList<>(done.size() + failures.size());
        done.forEach((log, offsets) -> frames.add(AckFrames.ack(clientId, log.topic(), log.epoch(), offsets)));
        frames.addAll(failures);
        return frames;
    }
}
