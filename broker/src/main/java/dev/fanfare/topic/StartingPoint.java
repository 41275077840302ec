package dev.fanfare.topic;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.log.TopicLog;
import org.jspecify.annotations.Nullable;

/// Where a subscription begins in one log, judged inside the topic's section. What has to be looked up on a
/// device is looked up before that.
///
/// @param offset the first to be delivered
/// @param recovered whether nothing after the position asked for was forgotten; null if none was asked for
record StartingPoint(long offset, @Nullable Boolean recovered) {

    /// What was found for a time outside of the section.
    ///
    /// @param offset the first message that is not older, `visible` when there was none
    /// @param visible the end of what was looked through
    private record Search(long millis, long offset, long visible) {

        /// Nothing is looked for.
        static final Search NONE = new Search(-1, 0, 0);

        static Search of(TopicLog log, long millis) {
            long visible = log.visible();
            return new Search(millis, Math.min(log.firstAt(millis), visible), visible);
        }

        /// In the section: the first message that is not older; −1 when it has to be looked for again.
        long now(TopicLog log) {
            long cached = log.firstCachedAt(millis);
            if (cached >= 0) {
                return cached;
            }
            return offset < visible || visible == log.visible() ? Math.max(offset, log.oldest()) : -1;
        }
    }

    /// For a subscription by name: enters the topic's section, and stays there unless it throws.
    static StartingPoint enter(LiveTopic topic, Start start) {
        return enter(topic, start instanceof Start.AtTime(var time) ? Start.millis(time) : -1, start, false);
    }

    /// The same for one topic of a pattern's subscription; `LastN` is decided over all of them and begins at
    /// the oldest here.
    static StartingPoint enterOneOf(LiveTopic topic, Start start) {
        long millis = switch (start) {
            case Start.AtTime(var time) -> Start.millis(time);
            case Start.AfterAll(var time, var topics) when !topics.containsKey(topic.name()) -> Start.millis(time);
            default -> -1;
        };
        return enter(topic, millis, start, true);
    }

    private static StartingPoint enter(LiveTopic topic, long millis, Start start, boolean oneOfMany) {
        while (true) {
            Search search = millis < 0 ? Search.NONE : Search.of(topic.log(), millis);
            boolean found = false;
            topic.enter();
            try {
                long at = millis < 0 ? 0 : search.now(topic.log());
                if (at >= 0) {
                    StartingPoint point =
                            oneOfMany ? oneOfMany(topic.log(), topic.name(), start, at) : in(topic.log(), start, at);
                    found = true;
                    return point;
                }
            } finally {
                if (!found) {
                    topic.leave();
                }
            }
        }
    }

    private static StartingPoint in(TopicLog log, Start start, long at) {
        long oldest = log.oldest();
        long visible = log.visible();
        return switch (start) {
            case Start.Latest() -> new StartingPoint(visible, null);
            case Start.Earliest() -> new StartingPoint(oldest, null);
            case Start.LastN(int count) -> new StartingPoint(Math.max(oldest, visible - count), null);
            case Start.AtOffset(long offset) -> new StartingPoint(Math.clamp(offset, oldest, visible), null);
            case Start.AtTime ignored -> new StartingPoint(at, null);
            case Start.After(Position position) -> after(log, position);
            case Start.AfterAll all ->
                throw new FanfareException(
                        ErrorCode.BAD_REQUEST,
                        "a subscription of one topic resumes after one position (epoch and offset), not after "
                                + all.topics().size() + " by name");
        };
    }

    private static StartingPoint oneOfMany(TopicLog log, String topic, Start start, long at) {
        return switch (start) {
            case Start.LastN ignored -> new StartingPoint(log.oldest(), null);
            case Start.AfterAll(var time, var topics) -> {
                Position position = topics.get(topic);
                yield position != null
                        ? after(log, position)
                        : new StartingPoint(at, log.forgottenTimestamp() < Start.millis(time));
            }
            default -> in(log, start, at);
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
}
