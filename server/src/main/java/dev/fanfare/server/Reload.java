package dev.fanfare.server;

import java.util.List;

/// What came of taking settings anew while a server runs.
///
/// @param taken what counts from now on
/// @param atRestart what has changed and counts from the next start on
public record Reload(List<Settings.Change> taken, List<Settings.Change> atRestart) {

    /// Copies the lists.
    public Reload {
        taken = List.copyOf(taken);
        atRestart = List.copyOf(atRestart);
    }

    static Reload of(List<Settings.Change> changes) {
        return new Reload(
                changes.stream().filter(change -> change.setting().isLive()).toList(),
                changes.stream().filter(change -> !change.setting().isLive()).toList());
    }
}
