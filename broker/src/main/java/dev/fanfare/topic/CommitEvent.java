package dev.fanfare.topic;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A group commit in the recordings of Flight Recorder: from the first byte of its batch until it is as safe as was
/// asked.
@Category("Fanfare")
@Name("fanfare.Commit")
@Label("Group Commit")
@StackTrace(false)
final class CommitEvent extends Event {
    @Label("Topics")
    int topics;

    @Label("Changes")
    int changes;

    @Label("Synced")
    boolean synced;

    @Label("Failed")
    boolean failed;
}
