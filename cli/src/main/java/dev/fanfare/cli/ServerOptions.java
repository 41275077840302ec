package dev.fanfare.cli;

import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that `pub` and `sub` share.
final class ServerOptions {

    @Option(names = "--create", description = "Make the topic if it does not exist, or not any more.")
    private boolean create;

    @Mixin
    private final Remote remote = new Remote();

    /// Whether to make a topic that does not exist.
    boolean create() {
        return create;
    }

    FanfareClient open(Consumer<Notice> notices) {
        return remote.open(notices);
    }

    /// What to say about a topic that was made at the start and had to be made again.
    static String madeAgain(String topic) {
        return "topic " + topic + " was gone, made it again";
    }

    /// What to say about a topic that is not there.
    static String noSuchTopic(String topic) {
        return "topic " + topic + " does not exist; --create makes it";
    }
}
