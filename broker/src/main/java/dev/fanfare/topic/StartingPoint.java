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
    record Search(long millis, long offset, long visible) {

        /// Nothing is looked for.
        private static final Search NONE = new Search(-1, 0, 0);

        private static Search of(TopicLog log, long millis) {
            long visible = log.visible();
            return new Search(millis, Math.min(log.firstAt(millis), visible), visible);
        }

        /// In the section: the first message that is not older; −1 when it has to be looked for again.
        private long now(TopicLog log) {
            long cached = log.firstCachedAt(millis);
            if (cached >= 0) {
                return cached;
            }
            return offset < visible || visible == log.visible() ? Math.max(offset, log.oldest()) : -1;
        }
    }

    /// For a subscription by name: enters the topic's section, and stays there unless it throws.
    static StartingPoint enter(LiveTopic topic, Start start) {
        long millis = start instanceof Start.AtTime(var time) ? Start.millis(time) : -1;
        return enter(topic, start, search(topic, millis), false);
    }

    /// The same for one topic of a pattern's subscription; `LastN` is decided over all of them and begins at
    /// the oldest here.
    ///
    /// @param search what [#search] has found
    static StartingPoint enterOneOf(LiveTopic topic, Start start, Search search) {
        return enter(topic, start, search, true);
    }

    /// Looks up what has to be known of one topic of a pattern's subscription, on the device if need be.
    static Search search(LiveTopic topic, Start start) {
        return search(topic, sought(topic, start));
    }

    /// Whether [#search] has to read a device.
    static boolean isStored(LiveTopic topic, Start start) {
        long millis = sought(topic, start);
        return millis >= 0 && topic.log().firstCachedAt(millis) < 0;
    }

    /// The time that is looked for in one topic of a pattern's subscription, −1 for none.
    private static long sought(LiveTopic topic, Start start) {
        return switch (start) {
            case Start.AtTime(var time) -> Start.millis(time);
            case Start.AfterAll(var time, var topics) when !topics.containsKey(topic.name()) -> Start.millis(time);
            default -> -1;
        };
    }

    private static Search search(LiveTopic topic, long millis) {
        return millis < 0 ? Search.NONE : Search.of(topic.log(), millis);
    }

    private static StartingPoint enter(LiveTopic topic, Start start, Search before, boolean oneOfMany) {
        Search search = before;
        while (true) {
            boolean found = false;
            topic.enter();
            try {
                long at = search.millis() < 0 ? 0 : search.now(topic.log());
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
            search = search(topic, search.millis());
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
