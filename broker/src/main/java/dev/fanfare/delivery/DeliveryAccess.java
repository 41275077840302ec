package dev.fanfare.delivery;

/// The door for transports to acknowledged delivery: [dev.fanfare.Broker#deliveries] hands it out. Any thread; nothing
/// here calls user code, and nothing blocks but [#attach] with a pattern, which looks at all topics that match: on an
/// event loop that is too long.
public interface DeliveryAccess {

    /// Joins what is demanded, and makes it if it is not there.
    ///
    /// @param worker told when there is something to take: from then on its member can be asked
    /// @throws dev.fanfare.FanfareException what [dev.fanfare.feed.FeedAccess#attach] says; `BAD_REQUEST` when
    ///     the name is used with other terms; `LIMIT_REACHED`
    Member attach(Demand demand, Worker worker);

    /// Ends a group or a durable name: what it had not done is lost, and counted.
    ///
    /// @return false when there is none
    boolean end(String name);
}
