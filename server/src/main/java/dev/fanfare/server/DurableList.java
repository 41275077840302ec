package dev.fanfare.server;

import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.feed.Pattern;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Reads the settings `durable`, a list of patterns, and `durability`.
final class DurableList {

    private DurableList() {}

    static SettingType<List<Pattern>> type() {
        return new SettingType<>(
                "none, or a list, separated by commas, of topics and patterns such as orders.**",
                text -> Optional.of(text.equalsIgnoreCase("none") ? List.of() : parse(text)));
    }

    static SettingType<Durability> level() {
        List<Durability> levels = List.of(Durability.WRITTEN, Durability.SYNCED);
        return new SettingType<>(
                "one of written, synced",
                text -> levels.stream()
                        .filter(level -> level.label().equalsIgnoreCase(text))
                        .findFirst());
    }

    /// The patterns of a text.
    ///
    /// @throws SettingException that says which one is wrong, and what
    private static List<Pattern> parse(String text) {
        try {
            return Arrays.stream(text.split(",", -1))
                    .map(each -> Pattern.of(each.strip()))
                    .toList();
        } catch (FanfareException wrong) {
            throw new SettingException(String.valueOf(wrong.getMessage()));
        }
    }
}
