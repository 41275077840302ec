package dev.fanfare.server.security;

import dev.fanfare.FanfareException;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.SettingException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What some may do with some topics.
///
/// @param who it is for: any of these
/// @param operations what they may do
/// @param topics names and patterns, in which `${sub}` and `${client_id}` may stand for a part
record Rule(List<Who> who, Set<Operation> operations, List<String> topics) {

    private static final String SUBJECT = "${sub}";
    private static final String CLIENT = "${client_id}";
    private static final List<String> MEMBERS = List.of("who", "may", "topics");

    /// Some identities.
    ///
    /// @param anonymous whether somebody who shows nothing is one of them
    record Who(boolean anonymous, Predicate<Identity> test) {}

    /// Reads one of a file.
    ///
    /// @throws SettingException when something in it is wrong
    static Rule of(YamlList.Entry entry) {
        entry.only(MEMBERS);
        List<Who> who = entry.texts("who").stream()
                .map(text -> who(text, entry.where()))
                .toList();
        Set<Operation> operations = EnumSet.noneOf(Operation.class);
        for (String word : entry.texts("may")) {
            operations.addAll(operations(word, entry.where()));
        }
        boolean needsTopics = !operations.equals(EnumSet.of(Operation.OBSERVE));
        List<String> topics = needsTopics ? entry.texts("topics") : List.of();
        topics.forEach(topic -> check(topic, entry.where()));
        return new Rule(who, operations, topics);
    }

    private static Who who(String text, String where) {
        if (text.equals("anyone")) {
            return new Who(true, _ -> true);
        }
        if (text.equals("anonymous")) {
            return new Who(true, identity -> identity.kind() == Identity.Kind.ANONYMOUS);
        }
        if (text.equals("authenticated")) {
            return new Who(false, identity -> identity.kind() != Identity.Kind.ANONYMOUS);
        }
        if (text.startsWith("name:")) {
            String name = text.substring("name:".length());
            return new Who(
                    false,
                    identity -> identity.kind() != Identity.Kind.ANONYMOUS
                            && identity.name().equals(name));
        }
        if (text.startsWith("role:")) {
            String role = text.substring("role:".length());
            return new Who(false, identity -> !role.isEmpty() && identity.role().equals(role));
        }
        int equals = text.indexOf('=');
        if (text.startsWith("claim:") && equals > 0) {
            String claim = text.substring("claim:".length(), equals);
            String value = text.substring(equals + 1);
            return new Who(false, identity -> identity.claims(claim, value));
        }
        throw new SettingException(where + ": '" + text + "' is nobody; 'who' is anyone, authenticated, anonymous,"
                + " name:NAME, role:ROLE or claim:NAME=VALUE");
    }

    private static Set<Operation> operations(String word, String where) {
        if (word.equals("all")) {
            return EnumSet.allOf(Operation.class);
        }
        for (Operation operation : Operation.values()) {
            if (operation.word().equals(word)) {
                return EnumSet.of(operation);
            }
        }
        throw new SettingException(
                where + ": '" + word + "' can't be allowed; 'may' is subscribe, publish, manage, observe or all");
    }

    private static void check(String topic, String where) {
        try {
            Pattern.of(topic.replace(SUBJECT, "x").replace(CLIENT, "x"));
        } catch (FanfareException wrong) {
            throw new SettingException(where + ": " + wrong.getMessage());
        }
        if (topic.replace(SUBJECT, "").replace(CLIENT, "").contains("${")) {
            throw new SettingException(
                    where + ": in '" + topic + "' only ${sub} and ${client_id} may stand for a part");
        }
    }

    boolean isFor(Identity identity) {
        return who.stream().anyMatch(one -> one.test.test(identity));
    }

    /// Whether somebody who shows nothing may come in by it.
    boolean admitsAnonymous() {
        return who.stream().anyMatch(Who::anonymous);
    }

    /// The topics for one of those it is for. What stands for a part that this one has not, or that would change the
    /// meaning of the pattern, matches nothing.
    List<Pattern> topics(Identity identity, @Nullable String clientId) {
        List<Pattern> patterns = new ArrayList<>();
        for (String topic : topics) {
            String text = put(put(topic, SUBJECT, identity.name()), CLIENT, clientId);
            Pattern pattern = text == null ? null : pattern(text);
            if (pattern != null) {
                patterns.add(pattern);
            }
        }
        return patterns;
    }

    private static @Nullable Pattern pattern(String text) {
        try {
            return Pattern.of(text);
        } catch (FanfareException noTopic) {
            return null; // too long, with what was put in
        }
    }

    private static @Nullable String put(@Nullable String topic, String variable, @Nullable String value) {
        if (topic == null || !topic.contains(variable)) {
            return topic;
        }
        boolean usable = value != null
                && !value.isEmpty()
                && value.length() <= 100
                && value.chars()
                        .noneMatch(c ->
                                "*+#./$".indexOf(c) >= 0 || Character.isISOControl(c) || Character.isWhitespace(c));
        return usable ? topic.replace(variable, value) : null;
    }
}
