package dev.fanfare;

import java.time.Duration;

/// Which repeated publishes a topic recognises: those with the id of one of its latest `count` messages with an
/// id, if that one was published less than `window` ago. A message without an id of its own is never a repeat.
///
/// @param window how long an id is remembered, 1 ms to 3,650 days
/// @param count how many ids are remembered, 1 to [#MAX_COUNT]; each costs at most [#BYTES_PER_ID]
public record Dedup(Duration window, int count) {

    /// The most ids of one topic.
    public static final int MAX_COUNT = 1_000_000;

    /// What a remembered id costs in memory at most, when as many are remembered as may be.
    public static final int BYTES_PER_ID = 56;

    /// Checks the bounds.
    public Dedup {
        if (window.compareTo(Duration.ofMillis(1)) < 0 || window.compareTo(Wishes.LONGEST) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the window of deduplication must be 1 ms to " + Wishes.LONGEST.toDays() + " days, not " + window);
        }
        if (count < 1 || count > MAX_COUNT) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the count of deduplication must be 1 to " + MAX_COUNT + " ids, not " + count);
        }
    }
}
