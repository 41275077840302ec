package dev.fanfare.cli;

import dev.fanfare.server.Settings;

/// How settings are told to people.
final class ConfigText {

    private ConfigText() {}

    /// A setting that is another one than before, in a line.
    static String of(Settings.Change change) {
        return of(
                change.setting().name(),
                change.setting().shown(change.before().text()),
                change.setting().shown(change.after().text()),
                change.after().origin());
    }

    /// @param origin where what it is now came from
    static String of(String name, String before, String after, String origin) {
        return name + ": " + before + " -> " + after + " (" + origin + ")";
    }
}
