package dev.fanfare.store;

/// The tables of a [Store]. The order of the constants is part of what is stored: new ones go at the end.
public enum Table {
    /// Topics: number → name, epoch, settings.
    TOPICS,
    /// How far each topic is: number → end, oldest kept, size.
    MARKS,
    /// Messages: topic's number, first offset → the messages of one commit.
    MESSAGES,
    /// How far topics are that keep only the newest message of each key: topic's number → up to where, what is left.
    KEYS,
    /// Message ids that are recognised: topic's number, first offset → ids and times.
    IDS,
    /// Messages that wait for their time: topic's number, running number → time, message.
    DELAYED,
    /// Durable subscriptions and groups: name → what they were begun with.
    SUBSCRIPTIONS,
    /// Up to where a subscription is done with a topic: subscription's number, topic's number → offset.
    POSITIONS,
    /// What a subscription says of single messages above its position: subscription's number, topic's number,
    /// offset → done, or the attempts so far.
    OUTCOMES,
    /// Routes that were made while running: name → rule.
    ROUTES
}
