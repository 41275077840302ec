package dev.fanfare;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Which messages a subscription wants: [SubscriptionBuilder#filter].
///
/// Live subscriptions with the same pattern and an equal filter share one run of it per message, on a thread of
/// its own, never the publisher's. The filters made here are equal when they say the same; a lambda is equal to
/// itself only, so keep it in a constant and use that for all subscriptions.
///
/// What a filter throws is a non-match, counted ([Counter#FILTER_FAILURES]). It may be asked by several threads at
/// once, must not change anything and should not wait: a filter slower than its topic's publishers is overrun, and
/// its subscriptions are told what they lost.
@FunctionalInterface
public interface Filter {

    /// Whether the subscription wants the message.
    boolean matches(Message message) throws Exception;

    /// Whether a run of it is always short and calls nothing that is not known to be: then a thread that must not
    /// wait may run it, as a route that redirects asks for. The filters made here are; a predicate is not,
    /// whatever it does.
    default boolean isBounded() {
        return false;
    }

    /// What it says, in words that mean the same in every process; empty for code, which says nothing. By these words a
    /// durable subscription that was stored knows whether it is the same filter that comes back.
    default Optional<String> words() {
        return Optional.empty();
    }

    /// Messages whose [Message#type] is one of these.
    ///
    /// @throws FanfareException `BAD_REQUEST` when there is none
    static Filter types(String... types) {
        return new Types(Set.copyOf(Arrays.asList(types)));
    }

    /// Messages published as objects of exactly this class with [Broker#publish(String, Object)], which makes the
    /// class's name their type.
    static Filter type(Class<?> published) {
        return types(published.getName());
    }

    /// Messages that have a header with this value.
    static Filter header(String name, String value) {
        return new Headers(Map.of(name, value));
    }

    /// Messages that have all of these headers.
    static Filter headers(Map<String, String> headers) {
        return new Headers(Map.copyOf(headers));
    }

    /// Messages that match this and that; that is not asked when this says no.
    default Filter and(Filter that) {
        return new Both(this, that);
    }

    /// See [#types].
    ///
    /// @param types at least one
    record Types(Set<String> types) implements Filter {

        /// With a copy of the types.
        public Types {
            if (types.isEmpty()) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "a filter by type needs at least one type");
            }
            types = Set.copyOf(types);
        }

        @Override
        public boolean matches(Message message) {
            String type = message.type();
            return type != null && types.contains(type);
        }

        @Override
        public boolean isBounded() {
            return true;
        }

        @Override
        public Optional<String> words() {
            return Optional.of(toString());
        }

        @Override
        public String toString() {
            return "types " + new TreeSet<>(types);
        }
    }

    /// See [#headers].
    ///
    /// @param headers what a message must have
    record Headers(Map<String, String> headers) implements Filter {

        /// With a copy of the headers.
        public Headers {
            headers = Map.copyOf(headers);
        }

        @Override
        public boolean matches(Message message) {
            return message.headers().entrySet().containsAll(headers.entrySet());
        }

        @Override
        public boolean isBounded() {
            return true;
        }

        @Override
        public Optional<String> words() {
            return Optional.of("headers " + new TreeMap<>(headers));
        }

        @Override
        public String toString() {
            return "headers " + headers;
        }
    }

    /// See [#and].
    ///
    /// @param first asked first
    /// @param second asked when the first said yes
    record Both(Filter first, Filter second) implements Filter {

        /// Neither may be null.
        public Both {
            Objects.requireNonNull(first);
            Objects.requireNonNull(second);
        }

        @Override
        public boolean matches(Message message) throws Exception {
            return first.matches(message) && second.matches(message);
        }

        @Override
        public boolean isBounded() {
            return first.isBounded() && second.isBounded();
        }

        @Override
        public Optional<String> words() {
            return first.words().flatMap(one -> second.words().map(other -> one + " and " + other));
        }

        @Override
        public String toString() {
            return first + " and " + second;
        }
    }
}
