package dev.fanfare.local;

import dev.fanfare.Message;
import dev.fanfare.Overflow;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Where a subscription stands in a feed, and how far behind it may be. Moved by one thread at a time; its position
/// is read by any.
final class Cursor {

    private static final VarHandle POSITION;

    static {
        try {
            POSITION = MethodHandles.lookup().findVarHandle(Cursor.class, "position", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /// As an end of the feed: all there is when one looks.
    static final long EVERYTHING = Long.MAX_VALUE;

    /// [#available]: what comes next is to be read where it is stored.
    static final int SPILLED = -1;

    private final Reader owner;
    private final int bound;
    private final Overflow overflow;
    private final boolean skipsOldest;
    private final boolean spills;
    private final @Nullable Intake intake;

    /// Where it is attached; null before that.
    private volatile @Nullable LocalFeed feed;

    private volatile @Nullable Sequence sequence;

    /// Whether [#sequence] is the feed's, which others read too.
    private boolean shares;

    private @Nullable Chunk chunk;
    private long position;

    /// The offset of the message handled last, when it [#spills]; −1 before the first.
    private long lastOffset = -1;

    /// Some never came to the feed, but are stored. Set before what came after them is there to be read.
    private volatile boolean missing;

    /// Its place in the feed's list of cursors that bound the publisher, −1 for none. Guarded by the feed's lock.
    int gatedAt = -1;

    /// Whether a publisher found it full and may wait for it. Guarded by the feed's lock.
    boolean waitedFor;

    /// @param bound how many messages may wait, at least 1
    /// @param intake takes over what it reads; null when that is done once it was read
    Cursor(Reader owner, int bound, Overflow overflow, @Nullable Intake intake) {
        this.owner = owner;
        this.bound = bound;
        this.overflow = overflow;
        this.intake = intake;
        this.skipsOldest = overflow instanceof Overflow.DropOldest;
        this.spills = overflow instanceof Overflow.Spill;
    }

    Reader owner() {
        return owner;
    }

    int bound() {
        return bound;
    }

    Overflow overflow() {
        return overflow;
    }

    /// Placed at the end of the sequence, by the feed, with appenders kept out.
    void attach(LocalFeed at, Sequence source) {
        chunk = source.tail();
        POSITION.setRelease(this, source.end());
        shares = source == at.sequence();
        sequence = source;
        feed = at;
    }

    /// By the feed, under its lock: whether it was attached until now.
    boolean leave() {
        boolean attached = feed != null;
        feed = null;
        return attached;
    }

    @Nullable
    LocalFeed feed() {
        return feed;
    }

    @Nullable
    Sequence sequence() {
        return sequence;
    }

    /// Whether it reads the feed's sequence; if not, one of its own. The reader's.
    boolean shares() {
        return shares;
    }

    /// The position of the message to be handled next.
    long position() {
        return (long) POSITION.getAcquire(this);
    }

    /// Below this position as many messages lie as are done; only moves forward. Any thread.
    long settled() {
        // The position first: read the other way round, what was taken over in between would count as done.
        long at = position();
        return intake == null ? at : at - intake.undone();
    }

    /// Messages that wait or are not done. Any thread.
    long unsettled() {
        Sequence source = sequence;
        if (source == null) {
            return 0;
        }
        // Before the end: what moves meanwhile must not make it negative.
        long at = settled();
        return source.end() - at;
    }

    /// Messages that wait, the one being handled included. Any thread.
    long lag() {
        Sequence source = sequence;
        if (source == null) {
            return 0;
        }
        // The position first: read the other way round, the difference could be negative.
        long at = position();
        // Who reads what is stored may be further than a feed that nobody else reads.
        return Math.max(0, source.end() - at);
    }

    /// Messages that wait below this end of the feed; a reader with a sequence of its own looks at that one's. The
    /// reader's: the publisher writes the feed's end all the time, so who looks at it too often slows it down.
    long lag(long feedEnd) {
        return shares && feedEnd != EVERYTHING ? Math.max(0, feedEnd - position()) : lag();
    }

    /// How many of the waiting ones are lost already, though the reader has not come to see it. Any thread.
    long overrun() {
        return skipsOldest ? Math.max(0, lag() - bound) : 0;
    }

    /// [#overrun] as it was when the feed's end was `end`, or now if that is less. The reader's.
    long overrunAt(long end) {
        Sequence source = sequence;
        return skipsOldest && source != null ? Math.max(0, Math.min(end, source.end()) - position - bound) : 0;
    }

    /// What it had not read when the feed's end was `end`, or has not now if that is less. The reader's.
    long unreadAt(long end) {
        Sequence source = sequence;
        return source == null ? 0 : Math.max(0, Math.min(shares ? end : Long.MAX_VALUE, source.end()) - position);
    }

    /// Whether the reader has to give up what it was about to read. The reader's.
    boolean isOverrun(Sequence source) {
        return isOverrun(source.end());
    }

    private boolean isOverrun(long end) {
        return (skipsOldest || spills) && end - position > bound;
    }

    /// Whether publishers have to see to it that it is not overrun.
    boolean isGated() {
        return !skipsOldest && !spills;
    }

    /// Whether something is to be read where it is stored, though nothing may wait in the feed.
    boolean isMissing() {
        return missing;
    }

    /// Whether it leaves what does not fit where it is stored.
    boolean spills() {
        return spills;
    }

    // ---- the reader's

    /// Finds the next messages: they lie in [#chunk] from [#index] on.
    ///
    /// @param feedEnd the reader wants nothing from there on; [#EVERYTHING] for all there is
    /// @return how many, at most `max`; 0 when nothing waits; [#SPILLED]
    int available(Sequence source, int max, long feedEnd) {
        while (true) {
            long end = shares && isGated() && feedEnd != EVERYTHING ? feedEnd : source.end();
            // By that end: with a later one it would go back to what it has read.
            boolean overrun = isOverrun(end);
            if (spills && (missing || overrun)) {
                missing = false;
                return SPILLED;
            }
            if (end <= position) {
                return 0;
            }
            if (overrun) {
                seek(end - bound);
            }
            Chunk current = chunk();
            // Read after the end: no next piece then means that everything up to the end is in this one.
            Chunk next = current.next;
            if (next == null && current.marker != null) {
                if (spills) {
                    return SPILLED;
                }
                seek(position);
                continue;
            }
            long last = next == null ? end : Math.min(end, next.first);
            if (position == last && next != null) {
                chunk = next;
                continue;
            }
            int toStamp = Sequence.STAMP_EVERY - (int) (position & (Sequence.STAMP_EVERY - 1));
            return (int) Math.min(Math.min(max, toStamp), last - position);
        }
    }

    /// Goes to `target`, or to the oldest message after it that is still there, and tells the owner of what it
    /// lost.
    private void seek(long target) {
        Chunk at = chunk();
        long to = target;
        while (true) {
            Chunk.Marker loose = at.marker;
            if (loose != null) {
                at = loose.oldest;
                to = Math.max(to, at.first);
                continue;
            }
            Chunk next = at.next;
            if (next == null && at.marker != null) {
                continue;
            }
            if (next == null || to < next.first) {
                break;
            }
            at = next;
        }
        long lost = to - position;
        chunk = at;
        POSITION.setRelease(this, to);
        if (lost > 0) {
            owner.lost(lost);
        }
    }

    /// Where the messages found by [#available] are.
    Chunk chunk() {
        Chunk current = chunk;
        if (current == null) {
            throw new IllegalStateException("not attached");
        }
        return current;
    }

    /// The slot of the message to be handled next.
    int index() {
        return (int) (position - chunk().first);
    }

    /// The next message was handled: this one.
    void advance(Message handled) {
        advance(handled, 1);
    }

    /// The next messages were handled, this one last.
    void advance(Message last, int count) {
        if (spills) {
            lastOffset = last.offset();
        }
        POSITION.setRelease(this, position + count);
    }

    /// Some never come to its feed.
    ///
    /// @return whether they are lost
    boolean missed(long count) {
        if (spills) {
            missing = true;
            owner.missing();
            return false;
        }
        owner.missed(count);
        return true;
    }

    /// The first offset that it has not had from the feed, at least.
    long nextOffset() {
        return lastOffset + 1;
    }

    /// After it left the feed for what is stored: it has had so many from there of what the feed had, too.
    void advanceBy(long count) {
        if (sequence != null && feed == null) {
            chunk = null;
            POSITION.setRelease(this, position + count);
        }
    }

    /// Lets go of the messages: it reads no more.
    void release() {
        chunk = null;
        sequence = null;
    }
}
