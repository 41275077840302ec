package dev.fanfare.local;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.List;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/// Where messages go that have to be acknowledged: a subscription's reader hands them over, and they count against
/// the subscription's queue until they are done.
public interface Intake {

    /// Takes messages over, in their order. By one thread at a time, a loop's: it must not block or run user code.
    ///
    /// @param origins the topic of each; null if it is gone
    /// @param replayed whether they were published before the subscription began to hear what is published: such
    ///     ones do not count against its queue
    void add(List<Message> messages, List<@Nullable Topic> origins, boolean replayed);

    /// The cursor has passed what was added: whoever works on it may be told now. By the thread that added it.
    void added();

    /// Whether so much is not done that nothing more should be replayed; [IntakeSource#settled] tells when that may
    /// have
    /// changed. Any thread.
    boolean isCrowded();

    /// Of what is replayed, what had expired by this time is not for it, in milliseconds on the clock that stamps
    /// messages; [dev.fanfare.feed.FeedAccess#AS_IT_GOES] when nothing is that has expired.
    long expiredBy();

    /// Who has to know which offset of each topic that there is will be the first to come: is told before anything
    /// comes. Null: nobody.
    @Nullable
    ObjLongConsumer<Topic> begins();

    /// How many of those that were taken over are not done and count against the queue. Rises only in [#add]. Any
    /// thread.
    long undone();
}
