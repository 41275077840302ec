package dev.fanfare.client;

import java.util.Objects;

/// A message's place in the log of its topic.
///
/// @param epoch the identity of the log's lifetime: a topic that was deleted and made again has another one
/// @param offset counted from 0 without gaps; -1 stands for the place before the first message
public record Position(String epoch, long offset) {

    /// Checks the parts.
    public Position {
        Objects.requireNonNull(epoch, "epoch");
        if (offset < -1) {
            throw new IllegalArgumentException("offset must be -1 or more, but is " + offset);
        }
    }

    /// Whether this place is after `other` in the same log.
    boolean after(Position other) {
        return !epoch.equals(other.epoch) || offset > other.offset;
    }
}
