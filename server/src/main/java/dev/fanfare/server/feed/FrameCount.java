package dev.fanfare.server.feed;

import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import org.jspecify.annotations.Nullable;

/// Counts frames that were handed out, or dropped, for the topics whose messages they are.
final class FrameCount {

    private FrameCount() {}

    /// So many of one topic; null when it is gone.
    ///
    /// @return how many
    static long all(@Nullable Topic topic, long frames, boolean delivered) {
        if (topic == null) {
            return frames;
        }
        if (delivered) {
            topic.counters().delivered(frames);
        } else {
            topic.counters().dropped(frames);
        }
        return frames;
    }

    /// Those of a chunk from the frame `from` up to `stop`, each for its own topic.
    ///
    /// @param skips says which of those before `skipUntil` a replay covers: they are not counted
    /// @return how many were counted
    static long eachOf(Chunk in, long from, long stop, @Nullable Attachment skips, long skipUntil, boolean delivered) {
        long counted = 0;
        long run = 0;
        Topic topic = null;
        for (long frame = from; frame < stop; frame++) {
            Topic of = in.topicOf(frame);
            if (frame < skipUntil && skips != null && skips.skips(of, in.offsetOf(frame))) {
                continue;
            }
            if (of != topic) {
                counted += all(topic, run, delivered);
                topic = of;
                run = 0;
            }
            run++;
        }
        return counted + all(topic, run, delivered);
    }
}
