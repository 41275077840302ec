package dev.fanfare.server.feed;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.feed.Attachment;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// One live subscription of a connection: a place in a feed, and what to do when the peer is slower than the topic.
/// On the connection's event loop.
///
/// It overflows only while the connection refuses bytes and more than `queue` messages wait behind what it was
/// given; what the connection has not been offered does not count. A burst is first offered, and judged at the next
/// one if the peer still refuses.
public final class WireCursor extends Source {

    /// What happens to a subscription whose peer does not keep up.
    public enum Overflow {
        /// Skip to the newest messages.
        DROP_OLDEST,
        /// Keep the oldest messages, lose those that come while they wait.
        DROP_NEWEST,
        /// Close the connection.
        DISCONNECT,
        /// Leave what does not fit where it is stored, and read it from there.
        SPILL
    }

    /// What the subscription is told; on the event loop.
    public interface Owner {
        /// Messages were skipped: tell the peer before the next event.
        void dropped(long count);

        /// The peer is too slow and the policy is [Overflow#DISCONNECT]. The cursor must not be detached from inside
        /// this call.
        void overflowed(long lag);

        /// With [Overflow#SPILL]: what waits is to be read where it is stored. The cursor must not be detached from
        /// inside this call. Any thread.
        void spilled();

        /// The topic is gone and everything of it has been handed to the transport.
        void ended();
    }

    /// [#skipUntil] as long as the feed behind a filter stands before where the subscription joined.
    private static final long UNSETTLED = Long.MAX_VALUE;

    private final Outbox outbox;
    private final Owner owner;
    private final @Nullable DeliveryStrategy delivery;
    private final Overflow overflow;
    private final int queue;

    /// Written on the loop.
    private volatile @Nullable WireFeed feed;
    private @Nullable FeedReader reader;

    /// Its place in the reader's list of cursors.
    int index;

    /// Where the cursor stands: chunk, byte in it, and the number of the next frame. A chunk that is read to its
    /// end may have given its bytes back; it still leads to the next one. No chunk: before the feed's first.
    private @Nullable Chunk chunk;
    private int at;
    private long frame;

    /// Where it was placed.
    private long firstFrame;

    /// Its subscription still replays: nothing is drained before that.
    private boolean held;

    /// Up to this frame, each is asked about: it may have been replayed already.
    private long skipUntil;

    /// Who is asked.
    private @Nullable Attachment skips;

    /// With [Overflow#DROP_NEWEST], what was kept when the peer fell behind; while it lasts, newer messages are lost.
    private @Nullable KeptFrames kept;

    private long droppedUntold;

    /// What never came to the feed and is lost; null while nothing was. Written before what came after it is
    /// there to be read.
    private volatile @Nullable Misses misses;

    /// Some messages never came to the feed, but are stored. Set before what came after them is there to be read.
    private volatile boolean missing;

    /// It is leaving the feed for what is stored.
    private boolean spilling;

    /// With [Overflow#SPILL], the offset behind the last one that was handed out; −1 before the first.
    private long nextOffset = -1;

    private boolean endTold;

    /// @param delivery when to be woken; null leaves it to topic and dialect
    /// @param queue how many messages may wait for a peer that refuses bytes, 1 to 10,000
    public WireCursor(Outbox outbox, Owner owner, @Nullable DeliveryStrategy delivery, Overflow overflow, int queue) {
        this.outbox = outbox;
        this.owner = owner;
        this.delivery = delivery;
        this.overflow = overflow;
        this.queue = queue;
    }

    Loop loop() {
        return outbox.loop();
    }

    @Nullable
    DeliveryStrategy delivery() {
        return delivery;
    }

    void place(WireFeed feed, FeedReader reader, @Nullable Chunk chunk, int at, long frame) {
        this.feed = feed;
        this.reader = reader;
        this.chunk = chunk;
        this.at = at;
        this.frame = frame;
        this.firstFrame = frame;
    }

    /// The peer will not get what waits for it: it counts as lost. The cursor is to leave then.
    public void giveUp() {
        WireFeed from = feed;
        if (from != null && reader != null && isToGoOut(from)) {
            drop(from, from.endFrames());
        }
    }

    /// Whether what waits is for its peer: what is held for a replay that is not known yet might all be
    /// replayed. A topic's own feed has nothing of that, since its cursors join behind the last message
    /// replayed.
    private boolean isToGoOut(WireFeed from) {
        return !held || skips != null || !from.isMixed();
    }

    /// Leaves the feed; what was not read is forgotten.
    void leave() {
        FeedReader left = reader;
        if (left == null) {
            return;
        }
        reader = null;
        chunk = null;
        if (kept != null) {
            kept.release();
            kept = null;
        }
        if (spilling) {
            // What the connection was given already goes out first: the replay begins behind it.
            spilling = false;
        } else {
            outbox.withdraw(this);
        }
        left.remove(this);
    }

    /// It is about to be attached and has to wait for its replay, and for its subscriber to be told.
    public void hold() {
        held = true;
    }

    /// One of a pattern or behind a filter was attached, or will be, and knows now what will be replayed.
    ///
    /// @param filtered whether its feed is behind a filter: what is found there may have come before the cursor
    public void holdFor(Attachment attachment, boolean filtered) {
        skips = attachment;
        skipUntil = filtered ? UNSETTLED : feed == null ? 0 : feed.endFrames();
    }

    /// Messages don't come to the feed. By whoever appends to it.
    ///
    /// @return whether they are lost
    boolean missed(long count) {
        if (overflow == Overflow.SPILL) {
            missing = true;
            owner.spilled();
            return false;
        }
        WireFeed from = feed;
        Misses noted = misses;
        if (noted == null) {
            noted = new Misses();
            misses = noted;
        }
        noted.add(from == null ? 0 : from.endFrames(), count);
        loop().execute(() -> {
            if (!held) {
                outbox.offer(this);
            }
        });
        return true;
    }

    /// It is about to leave the feed for what is stored, and has to wait for that. It may wait for it already:
    /// for what came before it joined.
    ///
    /// @param joinedAt the offset of the first message that came from the feed
    /// @return the first offset that was not handed out from the feed, at least; −1 when it need not leave
    public long spill(long joinedAt) {
        WireFeed from = feed;
        boolean behind = lag() > queue && outbox.blocked();
        if (from == null || reader == null || !missing && !behind) {
            return -1;
        }
        missing = false;
        held = true;
        spilling = true;
        // A topic's own feed has each of its messages; behind a filter, only the frames know theirs.
        return from.isMixed() ? Math.max(joinedAt, nextOffset) : joinedAt + frame - firstFrame;
    }

    /// The replay is through: what the feed has goes out, without what was replayed.
    public void goLive() {
        held = false;
        if (missing) {
            // Who was told of it while it replayed had nothing to leave.
            owner.spilled();
        }
        outbox.offer(this);
    }

    /// Sends what there is, without waiting for a batch to fill.
    public void flush() {
        FeedReader from = reader;
        if (from != null) {
            from.offerAll();
            outbox.offer(this);
        }
    }

    /// How many messages wait for it behind what it was given.
    public long lag() {
        WireFeed from = feed;
        return from == null || reader == null ? 0 : Math.max(0, from.endFrames() - frame);
    }

    /// How many are lost that its owner was not told of yet.
    public long untold() {
        KeptFrames pieces = kept;
        return droppedUntold + (pieces == null ? 0 : pieces.untold());
    }

    /// There is something new. The connection is offered it; if it refused bytes already before, the lag is judged.
    void offer() {
        boolean refused = outbox.blocked();
        if (!held) {
            outbox.offer(this);
        }
        WireFeed from = feed;
        if (refused && from != null && reader != null && isToGoOut(from)) {
            judge(from);
        }
    }

    /// Ends the connection.
    void fail(Throwable cause) {
        outbox.fail(cause);
    }

    private void judge(WireFeed from) {
        long end = from.endFrames();
        if (kept != null) {
            drop(from, end);
            return;
        }
        long lag = end - frame;
        if (lag <= queue) {
            return;
        }
        switch (overflow) {
            case DROP_OLDEST -> drop(from, end - queue);
            case DROP_NEWEST -> {
                kept = copy(from, frame + queue);
                drop(from, end);
            }
            case DISCONNECT -> owner.overflowed(lag);
            case SPILL -> owner.spilled();
        }
    }

    /// Copies the frames up to `until` out of the feed, so that they don't hold back its chunks, and moves there.
    private @Nullable KeptFrames copy(WireFeed from, long until) {
        KeptFrames copies = new KeptFrames();
        while (frame < until) {
            takeMisses();
            ByteBuf slice = liveSlice(Outbox.SLICE_BYTES, Math.min(until, nextMiss()));
            if (slice != null) {
                copies.add(droppedUntold, from.memory(slice.readableBytes()).writeBytes(slice));
                droppedUntold = 0;
                slice.release();
            } else if (nextMiss() > frame) {
                break;
            }
        }
        return copies.isEmpty() ? null : copies;
    }

    /// Moves forward to the frame with this number and counts what is passed over.
    private void drop(WireFeed from, long to) {
        long passed = 0;
        while (frame < to) {
            Chunk in = readable();
            if (in == null) {
                break;
            }
            long stop = Math.min(to, in.firstFrame + Chunk.frames(in.written()));
            passed += count(from, in, stop, false);
            frame = stop;
            at = in.startOf(stop);
        }
        droppedUntold += passed;
    }

    /// Counts the frames up to `stop` for their topics: as dropped or as delivered. Frames that a replay covers are not
    /// counted.
    private long count(WireFeed from, Chunk in, long stop, boolean delivered) {
        if (from.isPattern() || frame < skipUntil) {
            return FrameCount.eachOf(in, frame, stop, skips, skipUntil, delivered);
        }
        return FrameCount.all(from.topic(), stop - frame, delivered);
    }

    @Override
    protected @Nullable ByteBuf next(int limit) {
        FeedReader from = reader;
        if (from == null || held) {
            return null;
        }
        KeptFrames pieces = kept;
        if (pieces != null) {
            ByteBuf oldest = pieces.next(owner);
            if (pieces.isEmpty()) {
                kept = null;
            }
            return oldest;
        }
        tellDropped();
        return liveSlice(limit, Math.min(from.offeredFrames(), nextMiss()));
    }

    /// What never came to the feed before the next frame is to be told before it.
    private void takeMisses() {
        Misses noted = misses;
        if (noted != null) {
            droppedUntold += noted.take(frame);
        }
    }

    /// The number of the first frame before which something never came to the feed.
    private long nextMiss() {
        Misses noted = misses;
        return noted == null ? Misses.NONE : noted.next();
    }

    /// What was lost before the next frame.
    private void tellDropped() {
        takeMisses();
        if (droppedUntold > 0) {
            owner.dropped(droppedUntold);
            droppedUntold = 0;
        }
    }

    /// The chunk that holds the next frame, moving on where one is read to its end; null when there is none yet.
    private @Nullable Chunk readable() {
        FeedReader from = reader;
        Chunk in = chunk;
        if (in == null) {
            in = from == null ? null : from.first();
            if (in == null) {
                return null;
            }
            chunk = in;
            at = 0;
        }
        while (at == Chunk.bytes(in.written())) {
            Chunk following = in.next;
            if (following == null) {
                return null;
            }
            if (at == Chunk.bytes(in.written())) { // nothing came between: a chunk that has a next is final
                in = following;
                chunk = in;
                at = 0;
            }
        }
        return in;
    }

    private @Nullable ByteBuf liveSlice(int limit, long until) {
        WireFeed from = feed;
        if (skipUntil == UNSETTLED && from != null && skips != null && skips.settled()) {
            skipUntil = from.endFrames();
        }
        Chunk in = readable();
        while (in != null && frame < skipUntil && skips != null && skips.skips(in.topicOf(frame), in.offsetOf(frame))) {
            frame++;
            at = in.startOf(frame);
            in = readable();
        }
        if (in == null || from == null || frame >= until || missing) {
            return null;
        }
        long written = in.written();
        long stop = in.firstFrame + Chunk.frames(written);
        int end = Chunk.bytes(written);
        if (frame < skipUntil) {
            stop = frame + 1;
            end = in.startOf(stop);
        } else {
            skips = held ? skips : null;
            if (stop > until) {
                stop = until;
                end = in.startOf(stop);
            }
            if (end - at > limit) {
                stop = in.lastWithin(frame, at + limit, (int) (stop - in.firstFrame));
                end = in.startOf(stop);
            }
        }
        count(from, in, stop, true);
        if (overflow == Overflow.SPILL && from.isMixed()) {
            nextOffset = in.offsetOf(stop - 1) + 1;
        }
        ByteBuf slice = in.bytes.retainedSlice(at, end - at);
        frame = stop;
        at = end;
        return slice;
    }

    @Override
    protected boolean more() {
        WireFeed from = feed;
        FeedReader of = reader;
        if (from == null || of == null || held) {
            return false;
        }
        if (kept != null || !missing && readable() != null && frame < of.offeredFrames()) {
            return true;
        }
        tellDropped();
        if (from.ended() && !endTold && frame == from.endFrames()) {
            endTold = true;
            owner.ended();
        }
        return false;
    }

    /// The oldest chunk it still has to read from; null when it stands before the first one.
    @Nullable
    Chunk oldestNeeded() {
        readable();
        return chunk;
    }

    boolean atEndOf(Chunk last, int bytes) {
        readable();
        return chunk == last && at == bytes;
    }
}
