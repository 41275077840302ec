package dev.fanfare.delivery;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.time.VirtualTimers;
import org.jspecify.annotations.Nullable;

/// Where one message has to stand in one subscription. Guarded by its [BacklogModel].
final class ModelledMessage {

    /// What became of it, as far as that is known. `GONE`: its topic was deleted when its time was over, and
    /// whether somebody had come to it before is not known.
    enum State {
        OPEN,
        DONE,
        DEAD,
        EXPIRED,
        DROPPED,
        GONE
    }

    /// The place of a message.
    record Place(String topic, String epoch, long offset) {

        static Place of(Message message) {
            return new Place(message.topic(), message.epoch(), message.offset());
        }
    }

    final Topic topic;
    private final VirtualTimers timers;
    Message message;
    State state = State.OPEN;
    int attempt;
    long ticket;
    int returns;

    /// Whether it takes room in a bounded backlog: not when it has come back as a dead letter.
    boolean counts = true;

    @Nullable
    Object holder;

    long due;
    long notBefore;

    ModelledMessage(Topic topic, Message message, VirtualTimers timers) {
        this.topic = topic;
        this.message = message;
        this.timers = timers;
    }

    boolean isExpired() {
        return message.isExpired(timers.currentTimeMillis());
    }

    /// Whether its next attempt is not due yet.
    boolean waits() {
        return holder == null && notBefore > timers.nanoTime();
    }

    /// Whether it is done with as soon as somebody comes to it, because its time is over: it may be.
    boolean isPassedOver() {
        return holder == null && !waits() && isExpired();
    }
}
