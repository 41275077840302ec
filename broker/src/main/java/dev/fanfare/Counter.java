package dev.fanfare;

/// What a broker counts and measures: the one list of names, units and meanings for whoever shows them.
public enum Counter {
    /// Messages appended to a topic.
    PUBLISHED("published", "messages", "appended to the topic since it was made"),
    /// Messages delivered.
    DELIVERED("delivered", "messages", "handled, once per subscription"),
    /// Messages dropped.
    DROPPED("dropped", "messages", "lost by a subscription that was too slow, once per subscription"),
    /// Messages failed.
    FAILED("failed", "messages", "for which a handler threw, once per subscription"),
    /// Messages expired.
    EXPIRED("expired", "messages", "passed over because their time to live was over, once per reader"),
    /// Publishes repeated.
    DUPLICATES("duplicates", "publishes", "that repeated an earlier one and were not appended again"),
    /// Messages given up.
    DEAD_LETTERED("dead_lettered", "messages", "given up by an acknowledged subscription or group"),
    /// Filters that failed.
    FILTER_FAILURES("filter_failures", "messages", "for which a filter failed, which is a non-match, once per filter"),
    /// Messages delayed.
    DELAYED("delayed", "messages", "that wait for their time"),
    /// Subscriptions.
    SUBSCRIBERS("subscribers", "subscriptions", "that hear the topic, by its name or by a pattern"),
    /// Queue depth.
    QUEUE_DEPTH("queue_depth", "messages", "waiting for the subscription that is furthest behind"),
    /// Lag.
    LAG("lag", "messages", "waiting for one subscription"),
    /// Messages routed.
    ROUTED("routed", "messages", "published by a route, once per target"),
    /// Messages that could not be routed.
    ROUTE_FAILURES("route_failures", "messages", "that a target of a route refused, once per target"),
    /// Transactions that were done.
    COMMITTED("committed", "transactions", "whose publishes and acknowledgements were done"),
    /// Transactions that were not.
    REFUSED("refused", "transactions", "of which nothing was done"),
    /// Requests without a reply.
    TIMED_OUT("timed_out", "requests", "to which no reply came in time"),
    /// Requests that nobody answers.
    UNANSWERABLE("unanswerable", "requests", "that were refused because nobody answers on their topic"),
    /// Latency.
    LATENCY("latency", "nanoseconds", "from appending a message until its handler returned, sampled");

    private final String label;
    private final String unit;
    private final String meaning;

    Counter(String label, String unit, String meaning) {
        this.label = label;
        this.unit = unit;
        this.meaning = meaning;
    }

    /// The name in metrics: lower case with underscores.
    public String label() {
        return label;
    }

    /// What is counted.
    public String unit() {
        return unit;
    }

    /// What the figure says.
    public String meaning() {
        return meaning;
    }
}
