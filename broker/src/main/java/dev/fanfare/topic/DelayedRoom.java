package dev.fanfare.topic;

import dev.fanfare.BrokerLimit;
import dev.fanfare.Pending;
import dev.fanfare.PublishResult.Refused;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How much of a broker waits for its time, and how much may. Written under the lock of [DelayedMessages]; any thread
/// reads.
final class DelayedRoom {

    private final Supplier<Pending> limits;
    private volatile int count;
    private volatile long bytes;

    /// @param limits of the moment
    DelayedRoom(Supplier<Pending> limits) {
        this.limits = limits;
    }

    /// How many messages wait.
    int count() {
        return count;
    }

    /// What they cost, by [dev.fanfare.log.TopicLog#cost].
    long bytes() {
        return bytes;
    }

    /// Why one more of a topic may not wait; null when it may.
    @Nullable
    Refused refusal(LiveTopic topic, long cost) {
        Pending most = limits.get();
        if (count >= most.messages()) {
            return new Refused(
                    BrokerLimit.DELAYED,
                    "topic '" + topic.name() + "': " + count
                            + " messages of the broker wait for their time, as many as max-delayed ("
                            + most.messages() + ") allows");
        }
        if (bytes + cost > most.bytes()) {
            return new Refused(
                    BrokerLimit.DELAYED_MEMORY,
                    "topic '" + topic.name() + "': the messages of the broker that wait for their time hold " + bytes
                            + " bytes, with this one more than delayed-memory (" + most.bytes() + ") allows");
        }
        return null;
    }

    /// So many more wait, of this cost; less than none when some do no longer.
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void account(int messages, long cost) {
        count += messages;
        bytes += cost;
    }
}
