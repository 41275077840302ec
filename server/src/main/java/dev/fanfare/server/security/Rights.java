package dev.fanfare.server.security;

import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What one identity may do, as the rules are now. Immutable; equal when the same is allowed.
public final class Rights {

    /// Nothing.
    public static final Rights NONE = new Rights(Map.of(), EnumSet.noneOf(Operation.class));

    /// Everything.
    static final Rights ALL = new Rights(null, EnumSet.allOf(Operation.class));

    /// Null: every topic.
    private final @Nullable Map<Operation, List<Pattern>> topics;

    private final Set<Operation> operations;

    private Rights(@Nullable Map<Operation, List<Pattern>> topics, Set<Operation> operations) {
        this.topics = topics;
        this.operations = operations;
    }

    /// What these rules allow, all of which are for the identity.
    static Rights of(List<Rule> rules, Identity identity, @Nullable String clientId) {
        Map<Operation, List<Pattern>> topics = new EnumMap<>(Operation.class);
        Set<Operation> operations = EnumSet.noneOf(Operation.class);
        for (Rule rule : rules) {
            List<Pattern> patterns = rule.topics(identity, clientId);
            operations.addAll(rule.operations());
            for (Operation operation : rule.operations()) {
                topics.computeIfAbsent(operation, _ -> new ArrayList<>()).addAll(patterns);
            }
        }
        return new Rights(topics, operations);
    }

    /// Whether everything is allowed, whatever topics there are.
    public boolean isAll() {
        return topics == null;
    }

    /// Whether an operation that needs no topic is allowed.
    public boolean may(Operation operation) {
        return operations.contains(operation);
    }

    /// Whether an operation on a topic is allowed.
    ///
    /// @param topic a name, not a pattern
    public boolean may(Operation operation, String topic) {
        return topics == null || granted(operation).stream().anyMatch(pattern -> pattern.matches(topic));
    }

    /// Whether anything may be done with a topic: who may do nothing with it does not see that it is there.
    ///
    /// @param topic a name, not a pattern
    public boolean sees(String topic) {
        return topics == null
                || may(Operation.SUBSCRIBE, topic)
                || may(Operation.PUBLISH, topic)
                || may(Operation.MANAGE, topic);
    }

    /// Whether an operation is allowed on every topic that a pattern can match.
    public boolean mayAll(Operation operation, Pattern pattern) {
        return topics == null || granted(operation).stream().anyMatch(grant -> covers(grant, pattern));
    }

    /// The names and patterns of the topics on which an operation is allowed, as the rules say them; `**` when that
    /// is every topic.
    public List<String> topics(Operation operation) {
        return topics == null
                ? List.of("**")
                : granted(operation).stream().map(Pattern::text).distinct().toList();
    }

    private List<Pattern> granted(Operation operation) {
        return topics == null ? List.of() : topics.getOrDefault(operation, List.of());
    }

    /// What of a pattern may be heard.
    ///
    /// @return null when nothing may: it is refused
    public @Nullable View view(Pattern pattern) {
        if (mayAll(Operation.SUBSCRIBE, pattern)) {
            return View.WHOLE;
        }
        TreeSet<String> touching = new TreeSet<>();
        for (Pattern grant : granted(Operation.SUBSCRIBE)) {
            if (pattern.isWild() ? touches(grant, pattern) : grant.matches(pattern.text())) {
                touching.add(grant.text());
            }
        }
        return touching.isEmpty() ? null : new View(List.copyOf(touching));
    }

    /// What of a pattern somebody may hear. Those who may hear the same share one feed.
    ///
    /// @param topics names and patterns, in order; empty: all that the pattern matches
    public record View(List<String> topics) {

        static final View WHOLE = new View(List.of());

        /// What has to be asked of each message; null when nothing has.
        public @Nullable Filter filter() {
            return topics.isEmpty() ? null : new Allowed(topics);
        }
    }

    /// Messages of some topics. To others, who may hear other ones, it says only that it is not the same as theirs.
    private static final class Allowed implements Filter {
        private static final int SHOWN = 12;

        private final List<String> texts;
        private final List<Pattern> patterns;
        private final String name;

        Allowed(List<String> texts) {
            this.texts = texts;
            this.patterns = texts.stream().map(Pattern::of).toList();
            this.name = "the topics allowed by rights "
                    + Key.hash(String.join("\n", texts)).substring(0, SHOWN);
        }

        @Override
        public boolean matches(Message message) {
            for (Pattern pattern : patterns) {
                if (pattern.matches(message.topic())) {
                    return true;
                }
            }
            return false;
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
        public boolean equals(@Nullable Object other) {
            return other instanceof Allowed that && texts.equals(that.texts);
        }

        @Override
        public int hashCode() {
            return texts.hashCode();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// Whether one pattern matches everything that another does. When in doubt, no.
    static boolean covers(Pattern grant, Pattern pattern) {
        if (grant.equals(pattern)) {
            return true;
        }
        if (!pattern.isWild()) {
            return grant.matches(pattern.text());
        }
        if (!grant.isWild() || grant.separator() != pattern.separator() && !isEverything(grant)) {
            return false;
        }
        List<String> wide = grant.segments();
        List<String> narrow = pattern.segments();
        boolean system = narrow.getFirst().startsWith("$");
        for (int i = 0; i < wide.size(); i++) {
            String segment = wide.get(i);
            if (segment.equals("**")) {
                return i > 0 || !system;
            }
            if (i >= narrow.size() || narrow.get(i).equals("**")) {
                return false;
            }
            boolean same = segment.equals(narrow.get(i));
            boolean any = segment.equals("*") && !(i == 0 && system);
            if (!same && !any) {
                return false;
            }
        }
        return wide.size() == narrow.size();
    }

    private static boolean isEverything(Pattern pattern) {
        return pattern.segments().size() == 1 && pattern.segments().getFirst().equals("**");
    }

    /// Whether there can be a topic that both match. When in doubt, yes.
    static boolean touches(Pattern one, Pattern other) {
        if (!one.isWild()) {
            return other.matches(one.text());
        }
        if (!other.isWild()) {
            return one.matches(other.text());
        }
        if (one.separator() != other.separator()) {
            return true;
        }
        List<String> a = one.segments();
        List<String> b = other.segments();
        for (int i = 0; i < Math.max(a.size(), b.size()); i++) {
            boolean restA = i < a.size() && a.get(i).equals("**");
            boolean restB = i < b.size() && b.get(i).equals("**");
            if (restA || restB) {
                return true;
            }
            if (i >= a.size() || i >= b.size()) {
                return false;
            }
            if (!a.get(i).equals("*") && !b.get(i).equals("*") && !a.get(i).equals(b.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Rights that
                && Objects.equals(topics, that.topics)
                && operations.equals(that.operations);
    }

    @Override
    public int hashCode() {
        return Objects.hash(topics, operations);
    }
}
