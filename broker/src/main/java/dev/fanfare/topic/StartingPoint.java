package dev.fanfare.topic;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.log.TopicLog;
import org.jspecify.annotations.Nullable;

/// Where a subscription begins in one log, judged inside the topic's section.
///
/// @param offset the first to be delivered
/// @param recovered whether nothing after the position asked for was forgotten; null if none was asked for
record StartingPoint(long offset, @Nullable Boolean recovered) {

    /// For a subscription by name.
    static StartingPoint in(TopicLog log, Start start) {
        long oldest = log.oldest();
        long visible = log.visible();
        return switch (start) {
            case Start.Latest() -> new StartingPoint(visible, null);
            case Start.Earliest() -> new StartingPoint(oldest, null);
            case Start.LastN(int count) -> new StartingPoint(Math.max(oldest, visible - count), null);
            case Start.AtOffset(long offset) -> new StartingPoint(Math.clamp(offset, oldest, visible), null);
            case Start.AtTime(var time) -> new StartingPoint(log.firstAt(Start.millis(time)), null);
            case Start.After(Position position) -> after(log, position);
            case Start.AfterAll all ->
                throw new FanfareException(
                        ErrorCode.BAD_REQUEST,
                        "a subscription of one topic resumes after one position (epoch and offset), not after "
                                + all.topics().size() + " by name");
        };
    }

    /// For one topic of a pattern's subscription; `LastN` is decided over all of them and begins at the oldest
    /// here.
    static StartingPoint in(TopicLog log, String topic, Start start) {
        return switch (start) {
            case Start.LastN ignored -> new StartingPoint(log.oldest(), null);
            case Start.AfterAll(var time, var topics) -> {
                Position position = topics.get(topic);
                yield position != null ? after(log, position) : since(log, Start.millis(time));
            }
            default -> in(log, start);
        };
    }

    private static StartingPoint after(TopicLog log, Position position) {
        long oldest = log.oldest();
        long visible = log.visible();
        if (!position.epoch().equals(log.epoch())) {
            return new StartingPoint(oldest, false);
        }
        if (position.offset() >= visible) {
            return new StartingPoint(visible, false);
        }
        long next = position.offset() + 1;
        return new StartingPoint(Math.max(next, oldest), next >= oldest);
    }

    private static StartingPoint since(TopicLog log, long timestampMillis) {
        return new StartingPoint(log.firstAt(timestampMillis), log.forgottenTimestamp() < timestampMillis);
    }
}
