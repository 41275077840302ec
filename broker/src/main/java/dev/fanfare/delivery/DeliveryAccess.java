package dev.fanfare.delivery;

import dev.fanfare.Commit;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.Transaction;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The door for transports to acknowledged delivery: [dev.fanfare.Broker#deliveries] hands it out. Any thread; nothing
/// here calls user code, and nothing blocks but [#attach] with a pattern, which looks at all topics that match: on an
/// event loop that is too long.
public interface DeliveryAccess {

    /// Joins what is demanded, and makes it if it is not there. Its name and where it begins are stored when
    /// [Member#stored] says so.
    ///
    /// @param worker told when there is something to take: from then on its member can be asked
    /// @throws dev.fanfare.FanfareException what [dev.fanfare.feed.FeedAccess#attach] says; `BAD_REQUEST` when
    ///     the name is used with other terms; `LIMIT_REACHED`
    Member attach(Demand demand, Worker worker);

    /// Publishes and acknowledges in one go, as [Transaction#commit] does, and waits for nothing.
    ///
    /// @param topics of the messages, one by one
    /// @param messages without a delay, at most [Transaction#MAX_PUBLISHES]
    /// @param acks what was taken and is done now, at most [Transaction#MAX_ACKS]
    /// @param then told what became of it: before this returns, or by the thread that commits, which it must not
    ///     block
    /// @return when `then` is told; null when it was
    @Nullable
    Commit commit(
            List<String> topics,
            List<Message> messages,
            List<? extends Delivery> acks,
            Consumer<Transaction.Result> then);

    /// Ends a group or a durable name: what it had not done is lost, and counted.
    ///
    /// @return tells when that outlives the power; empty when there is none
    Optional<Commit> end(String name);
}
