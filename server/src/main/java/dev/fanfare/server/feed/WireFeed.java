package dev.fanfare.server.feed;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The encoded frames of one pattern, contiguous in [Chunk]s, so that a subscriber that is k messages behind is
/// served by one slice of k frames.
///
/// Appending happens on the publisher's thread under [#lock], which is never held for more than a copy. Every event
/// loop that has subscribers here has one [FeedReader], which is woken once and offers to its cursors on its own
/// thread. A feed without unread frames holds no chunk after a second.
final class WireFeed implements Feed<WireCursor> {

    /// What the loops have not yet looked at may not exceed this; then publishers pause until they have.
    static final int CONGESTED_BYTES = 1024 * 1024;

    private static final int SMALLEST_CHUNK_BYTES = 1024;
    private static final int LARGEST_CHUNK_BYTES = 128 * 1024;
    private static final FeedReader[] NO_READERS = {};

    private final WireKind kind;
    private final Pattern pattern;
    private final boolean mixed;
    private final ReentrantLock lock = new ReentrantLock();

    // Written under the lock.
    private volatile FeedReader[] readers = NO_READERS;
    /// The newest chunk; stays here after its bytes went back, so that the next one can be linked to it.
    private volatile @Nullable Chunk tail;

    private boolean tailReleased = true;
    private boolean readersRetired;
    private volatile long endFrames;
    private volatile long endBytes;
    private volatile boolean ended;
    private int nextChunkBytes = SMALLEST_CHUNK_BYTES;
    private final List<Runnable> waiting = new ArrayList<>(0);

    /// Whether there are any; volatile, so that either a publisher that begins to wait sees that a loop has looked, or
    /// the loop sees that it waits.
    private volatile boolean anyWaiting;

    /// Written in the topic's section; the topic of a feed without wildcards.
    private volatile @Nullable Topic topic;

    /// When the oldest message that no loop has looked at yet was appended; 0 when there is none.
    private volatile long waitingSinceNanos;

    /// @param mixed whether it is kept of each frame which message it is: those of several topics come together, or a
    ///     subscriber may have to pass over some
    WireFeed(Pattern pattern, WireKind kind, boolean mixed) {
        this.pattern = pattern;
        this.kind = kind;
        this.mixed = mixed;
    }

    @Override
    public void append(Topic topic, Message message, @Nullable Object prepared) {
        if (readers.length == 0) {
            return;
        }
        EventFrame frame = kind.finish(prepared, message);
        lock.lock();
        try {
            if (readers.length == 0) {
                return; // the last one left meanwhile: nobody would ever give the chunk back
            }
            if (!pattern.isWild()) {
                this.topic = topic;
            }
            if (waitingSinceNanos == 0) {
                waitingSinceNanos = kind.nanos();
            }
            int length = frame.length();
            room(length).append(frame.array(), frame.from(), length, topic, message.offset());
            long frames = endFrames; // only written under the lock
            long total = endBytes;
            endFrames = frames + 1;
            endBytes = total + length;
        } finally {
            lock.unlock();
        }
    }

    private Chunk room(int length) {
        Chunk last = tail;
        if (last != null && !tailReleased && last.hasRoom(length)) {
            if (readersRetired) {
                readersRetired = false;
                for (FeedReader reader : readers) {
                    reader.holdAgain(last);
                }
            }
            return last;
        }
        ByteBuf bytes = kind.memory(Math.max(nextChunkBytes, length));
        // A feed that fills its chunks gets larger ones; retire() starts small again.
        nextChunkBytes = Math.min(nextChunkBytes * 2, LARGEST_CHUNK_BYTES);
        FeedReader[] holders = readers;
        Chunk chunk = new Chunk(bytes, endFrames, holders.length + 1, mixed);
        for (FeedReader reader : holders) {
            reader.holdFrom(chunk);
        }
        tail = chunk;
        if (last != null) {
            last.next = chunk;
            if (!tailReleased) {
                last.release();
            }
        }
        tailReleased = false;
        readersRetired = false;
        return chunk;
    }

    @Override
    public void wake() {
        for (FeedReader reader : readers) {
            reader.wake();
        }
    }

    @Override
    public boolean congested() {
        long end = endBytes;
        for (FeedReader reader : readers) {
            if (end - reader.offeredBytes() > CONGESTED_BYTES) {
                return true;
            }
        }
        return false;
    }

    @Override
    public CompletableFuture<Long> lag() {
        CompletableFuture<Long> largest = NO_LAG;
        for (FeedReader reader : readers) {
            if (reader.first() != null) {
                largest = largest.thenCombine(reader.lag(), Math::max);
            }
        }
        return largest;
    }

    @Override
    public boolean drainsHere() {
        for (FeedReader reader : readers) {
            if (reader.loop().eventLoop().inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void onRoom(Runnable action) {
        lock.lock();
        try {
            waiting.add(action);
            anyWaiting = true;
        } finally {
            lock.unlock();
        }
        relieve();
    }

    /// Lets waiting publishers go on if the loops have caught up.
    void relieve() {
        if (!anyWaiting || congested()) {
            return;
        }
        List<Runnable> released;
        lock.lock();
        try {
            released = List.copyOf(waiting);
            waiting.clear();
            anyWaiting = false;
        } finally {
            lock.unlock();
        }
        released.forEach(Runnable::run);
    }

    /// The cursor is placed on its loop; any other thread waits for that.
    ///
    /// @throws FanfareException `SHUTTING_DOWN` when that loop has ended
    @Override
    public void attach(WireCursor cursor) {
        Loop loop = cursor.loop();
        if (loop.eventLoop().inEventLoop()) {
            place(cursor);
            return;
        }
        CompletableFuture<Void> placed = new CompletableFuture<>();
        boolean placing = loop.execute(() -> {
            try {
                place(cursor);
                placed.complete(null);
            } catch (RuntimeException | Error e) {
                placed.completeExceptionally(e);
            }
        });
        if (!placing) {
            throw new FanfareException(ErrorCode.SHUTTING_DOWN, "the server is shutting down");
        }
        placed.join();
    }

    private void place(WireCursor cursor) {
        FeedReader reader;
        lock.lock();
        try {
            reader = readerOf(cursor.loop());
            Chunk last = tail;
            cursor.place(this, reader, last, last == null ? 0 : Chunk.bytes(last.written()), endFrames);
            reader.add(cursor);
        } finally {
            lock.unlock();
        }
        // A new reader holds the last chunk, and nothing may ever come that makes it look.
        reader.listIfHolding();
    }

    private FeedReader readerOf(Loop loop) {
        for (FeedReader reader : readers) {
            if (reader.loop() == loop) {
                return reader;
            }
        }
        FeedReader reader = new FeedReader(this, loop, endBytes);
        Chunk last = tail;
        if (last != null && !tailReleased) {
            reader.holdAgain(last);
        }
        FeedReader[] more = Arrays.copyOf(readers, readers.length + 1);
        more[readers.length] = reader;
        readers = more;
        return reader;
    }

    @Override
    public void detach(WireCursor cursor) {
        Loop loop = cursor.loop();
        if (loop.eventLoop().inEventLoop() || !loop.execute(cursor::leave)) {
            cursor.leave();
        }
    }

    /// Takes a reader out that has no cursors left.
    void remove(FeedReader reader) {
        lock.lock();
        try {
            readers = Arrays.stream(readers).filter(r -> r != reader).toArray(FeedReader[]::new);
            reader.releaseUpTo(null);
            releaseTailIfRead();
        } finally {
            lock.unlock();
        }
        relieve();
    }

    /// Gives back what a reader has passed: everything before `oldest`, or everything when that is null.
    void release(FeedReader reader, @Nullable Chunk oldest) {
        lock.lock();
        try {
            reader.releaseUpTo(oldest);
        } finally {
            lock.unlock();
        }
    }

    /// A reader whose cursors have all read everything lets go of the last chunk.
    ///
    /// @return false when something was appended meanwhile
    boolean retire(FeedReader reader, Chunk read, int bytes) {
        lock.lock();
        try {
            if (tail != read || Chunk.bytes(read.written()) != bytes) {
                return false;
            }
            reader.releaseUpTo(null);
            readersRetired = true;
            releaseTailIfRead();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Nobody has to read the last chunk any more: its bytes go back, and the next one is linked to what remains.
    private void releaseTailIfRead() {
        Chunk last = tail;
        if (last != null && !tailReleased && last.heldByFeedOnly()) {
            tailReleased = true;
            last.release();
            nextChunkBytes = SMALLEST_CHUNK_BYTES;
        }
    }

    @Override
    public void end() {
        ended = true;
        wake();
    }

    /// Gives nothing back: every cursor has left or is about to, on its loop, and the last one gives the memory back.
    /// It must not be taken from under one that is just being read.
    @Override
    public void close() {
        kind.closed(this);
    }

    /// The number of frames appended so far.
    long endFrames() {
        return endFrames;
    }

    long endBytes() {
        return endBytes;
    }

    /// Direct memory for frames that a cursor keeps beside the feed.
    ByteBuf memory(int bytes) {
        return kind.memory(bytes);
    }

    boolean ended() {
        return ended;
    }

    /// Whether each frame knows which message it is: in the feed of a pattern, and behind a filter.
    boolean isMixed() {
        return mixed;
    }

    boolean isPattern() {
        return pattern.isWild();
    }

    /// The topic of a feed without wildcards, once a message of it has been appended.
    @Nullable
    Topic topic() {
        return topic;
    }

    /// The loop has looked at everything appended since `sinceNanos` (0: nothing was): one sample of the topic's
    /// latency.
    void offered(long sinceNanos) {
        Topic single = topic;
        if (sinceNanos != 0 && single != null) {
            single.counters().latency(kind.nanos() - sinceNanos);
        }
    }

    /// When the oldest message not looked at was appended, and none is from now on; 0 when there was none.
    long takeWaitingSinceNanos() {
        long since = waitingSinceNanos;
        waitingSinceNanos = 0;
        return since;
    }

    /// How subscribers are woken that do not say it themselves.
    DeliveryStrategy delivery() {
        Topic single = topic;
        DeliveryStrategy ofTopic = single == null ? null : single.delivery();
        return ofTopic == null ? kind.delivery() : ofTopic;
    }
}
