package dev.fanfare;

import dev.fanfare.feed.Pattern;
import java.util.List;

/// Which topics are durable by their names, and what durable topics are made with when nothing else is said.
/// Immutable.
///
/// @param patterns over names; a name alone is a pattern, too
/// @param config durable
public record DurableTopics(List<Pattern> patterns, TopicConfig config) {

    private static final DurableTopics NONE = new DurableTopics(
            List.of(),
            TopicConfig.defaults()
                    .withDurability(Durability.WRITTEN)
                    .withHistory(1_000_000)
                    .withHistoryBytes(1 << 30));

    /// Checks that they are durable.
    public DurableTopics {
        patterns = List.copyOf(patterns);
        if (!config.isDurable()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "durable topics must be written or synced, not kept in memory");
        }
    }

    /// None; those that are made durable keep a million messages or 1 GiB, and are written.
    public static DurableTopics none() {
        return NONE;
    }

    /// The same with these patterns, as subscriptions have them.
    ///
    /// @throws FanfareException `BAD_REQUEST` for an illegal one
    public DurableTopics withPatterns(List<String> texts) {
        return new DurableTopics(texts.stream().map(Pattern::of).toList(), config);
    }

    /// The same with another [#config].
    public DurableTopics withConfig(TopicConfig value) {
        return new DurableTopics(patterns, value);
    }

    /// Whether a topic of that name is durable.
    boolean matches(String name) {
        for (Pattern pattern : patterns) {
            if (pattern.matches(name)) {
                return true;
            }
        }
        return false;
    }
}
