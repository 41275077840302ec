package dev.fanfare.server.security;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who may do what. What no rule allows is refused as soon as there is a rule. Immutable.
final class Rules {

    /// There are none: whoever may come in may do everything.
    static final Rules NONE = new Rules(List.of(), false);

    private final List<Rule> rules;
    private final boolean there;

    private Rules(List<Rule> rules, boolean there) {
        this.rules = rules;
        this.there = there;
    }

    /// Reads a file of rules.
    ///
    /// @throws dev.fanfare.server.SettingException when it can't be read, or something in it is wrong
    static Rules read(Path file) {
        List<Rule> rules =
                YamlList.read("file of rules", file).stream().map(Rule::of).toList();
        return new Rules(rules, !rules.isEmpty());
    }

    /// Whether somebody who shows nothing may come in.
    boolean admitAnonymous() {
        return rules.stream().anyMatch(Rule::admitsAnonymous);
    }

    /// What an identity may do.
    ///
    /// @param clientId what its connection calls itself; null when it does not
    Rights rights(Identity identity, @Nullable String clientId) {
        if (!there || identity.isAdmin()) {
            return Rights.ALL;
        }
        List<Rule> mine = rules.stream().filter(rule -> rule.isFor(identity)).toList();
        return Rights.of(mine, identity, clientId);
    }
}
