package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.FeedKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A reader that takes messages before they are appended and has them published elsewhere: its feed is in the
/// plan of a topic, but nothing is ever appended to it. It is only asked whether it admits what the reader would
/// take, and does not as long as something that was published before has to come first.
///
/// Everything here is called on the publisher's thread, which may be an event loop, outside of any section.
public interface Redirecting extends FeedKind<Void> {

    /// Whether it takes this message, published to `topic` and without a place yet. Does not block.
    boolean takes(String topic, Message draft);

    /// Where to, at least one.
    List<String> targets();

    /// What it is called, for errors.
    String name();

    /// What became of a message it took at one of its targets.
    ///
    /// @param refused null: it was published there
    /// @param told whether the publisher is told of the refusal
    void redirected(String topic, String target, @Nullable Refused refused, boolean told);
}
