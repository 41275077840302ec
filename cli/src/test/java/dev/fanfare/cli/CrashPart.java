package dev.fanfare.cli;

import java.util.Map;
import java.util.Set;

/// Some features of a server that is killed again and again: the clients that use them, and what the next server
/// must have of it. What is wrong is told to [Told].
interface CrashPart {

    /// The topics it needs, each with what it is made with.
    Map<String, String> topics();

    /// Those of them that keep everything from offset 0 on; [Told] compares them.
    default Set<String> kept() {
        return topics().keySet();
    }

    /// What is needed beside topics; before the first round.
    default void make(String url) throws Exception {}

    /// Starts clients that go on until the server is killed.
    void start(CrashClients clients) throws Exception;

    /// Starts those that bring what is begun to its end.
    default void finish(CrashClients clients) throws Exception {}

    /// Compares, with a server that was started again and that nobody uses yet.
    default void compare(String url) throws Exception {}

    /// Compares, when all that was begun has come to its end.
    ///
    /// @param logs of the topics that keep everything
    default void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {}
}
