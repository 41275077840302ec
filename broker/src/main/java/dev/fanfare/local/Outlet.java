package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What a subscription does with the messages that its cursor finds. Used by one thread at a time.
interface Outlet {

    /// How many messages a turn may take.
    int turn(DeliveryStrategy strategy);

    /// Hands on `found` messages that lie together in the cursor's piece, or fewer when the subscription ends or is
    /// overrun meanwhile.
    ///
    /// @return how many the cursor has moved
    int slice(LocalSubscription of, Sequence source, int found);

    /// The turn is over.
    void finishTurn(LocalSubscription of);

    /// Hands on what was replayed; stops when the subscription ends.
    ///
    /// @param topics finds a topic by its name
    void replayed(LocalSubscription of, List<Message> slice, Function<String, @Nullable Topic> topics);

    /// Messages that it has in hand; the cursor has passed them. Any thread.
    int held();
}
