package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who may do what. What no rule allows is refused, and where there is none, everything. Immutable.
final class Rules {

    private final List<Rule> rules;

    private Rules(List<Rule> rules) {
        this.rules = rules;
    }

    /// Reads a file of rules.
    ///
    /// @throws SettingException when it can't be read, or something in it is wrong
    static Rules read(Path file) {
        return new Rules(
                YamlList.read("file of rules", file).stream().map(Rule::of).toList());
    }

    /// Reads a file anew: one that is empty may be about to be written.
    ///
    /// @throws SettingException when it is empty, can't be read, or something in it is wrong
    static Rules readAnew(Path file) {
        Rules rules = read(file);
        if (rules.rules.isEmpty()) {
            throw new SettingException("the file of rules " + file + " is empty: it would refuse everything");
        }
        return rules;
    }

    /// Whether somebody who shows nothing may come in.
    boolean admitAnonymous() {
        return rules.stream().anyMatch(Rule::admitsAnonymous);
    }

    /// What an identity may do.
    ///
    /// @param clientId what its connection calls itself; null when it does not
    Rights rights(Identity identity, @Nullable String clientId) {
        if (identity.isAdmin()) {
            return Rights.ALL;
        }
        List<Rule> mine = rules.stream().filter(rule -> rule.isFor(identity)).toList();
        return Rights.of(mine, identity, clientId);
    }
}
