package dev.fanfare;

/// A place in a topic's log.
///
/// @param epoch the identity of the log's lifetime, at most 8 characters
/// @param offset the message's place, counted from 0; −1 is before the first
public record Position(String epoch, long offset) {
    /// Checks the bound.
    public Position {
        if (offset < -1) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "offset must be -1 (before the first) or more, not " + offset);
        }
    }
}
