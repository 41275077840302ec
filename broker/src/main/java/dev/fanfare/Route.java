package dev.fanfare;

import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A rule that has what is published to some topics published to others too, or instead. Given to [Routes#add].
/// Immutable.
///
/// ```java
/// broker.routes().add(Route.copy("audit", "orders.*", "audit"));
/// broker.routes().add(Route.copy("eu", "orders.*", "eu").when(Filter.header("region", "eu")));
/// broker.routes().add(Route.redirect("old-name", "order", "orders"));
/// ```
///
/// @param name 1 to 64 letters, digits, `.`, `_` or `-`, beginning with a letter or digit
/// @param from a topic's name, or a pattern over names; topics made later are meant too
/// @param to the topics it goes to, at least one
/// @param mode whether the topics of `from` keep their messages
/// @param filter which messages it takes, one that fails on a message does not take it; null: all. A rule that
///     redirects needs one that is [Filter#isBounded]
public record Route(
        String name,
        String from,
        List<String> to,
        Mode mode,
        @Nullable Filter filter) {

    /// The most topics that one rule goes to.
    public static final int MAX_TARGETS = 100;

    private static final java.util.regex.Pattern NAME =
            java.util.regex.Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /// What becomes of the message in the topic it was published to.
    public enum Mode {
        /// It is appended there, delivered and kept as ever; then each target gets a copy.
        COPY,
        /// It is not: only the targets get it.
        REDIRECT
    }

    /// Checks everything that can be checked without the other rules.
    ///
    /// @throws FanfareException `BAD_REQUEST` that says what is wrong
    public Route {
        Objects.requireNonNull(mode, "mode");
        if (!NAME.matcher(name).matches()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the name of a route must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or"
                            + " digit");
        }
        Pattern.of(from);
        to = List.copyOf(new LinkedHashSet<>(to));
        if (to.isEmpty() || to.size() > MAX_TARGETS) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "route '" + name + "' must go to 1 to " + MAX_TARGETS + " topics, not " + to.size());
        }
        to.forEach(TopicName::check);
        if (mode == Mode.REDIRECT && filter != null && !filter.isBounded()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "route '" + name
                            + "' redirects, which is decided by whatever thread publishes: its filter must be by"
                            + " type, by header or another that never waits; or let it copy");
        }
    }

    /// A rule without a filter.
    ///
    /// @throws FanfareException see [Route]
    public Route(String name, String from, List<String> to, Mode mode) {
        this(name, from, to, mode, null);
    }

    /// The same for messages that match this as well.
    ///
    /// @throws FanfareException see [Route]
    public Route when(Filter wanted) {
        return new Route(name, from, to, mode, filter == null ? wanted : filter.and(wanted));
    }

    /// A rule that copies.
    ///
    /// @throws FanfareException see [Route]
    public static Route copy(String name, String from, String... to) {
        return new Route(name, from, List.of(to), Mode.COPY);
    }

    /// A rule that redirects.
    ///
    /// @throws FanfareException see [Route]
    public static Route redirect(String name, String from, String... to) {
        return new Route(name, from, List.of(to), Mode.REDIRECT);
    }

    /// Whether messages of this topic are meant.
    public boolean takesFrom(String topic) {
        return Pattern.of(from).matches(topic);
    }

    @Override
    public String toString() {
        return name + " (" + from + " -> " + String.join(", ", to) + (filter == null ? "" : " if " + filter) + ")";
    }
}
