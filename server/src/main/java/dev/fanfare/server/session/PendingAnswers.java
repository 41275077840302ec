package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Topic;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.feed.Woken;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The answers of one session that wait for a commit, and those behind them, in the order of the requests. On the
/// connection's event loop, but for what a commit tells.
///
/// The commit of many publishes is listened to once. When it is done the loop is woken, once for all its sessions,
/// and says everything that can be said. Events don't wait for any of it; but an answer that can be given goes
/// before an event that is sent at the same time, so that who publishes hears that before it hears the message.
final class PendingAnswers extends Woken {

    /// The most answers that may wait; above it nothing is read.
    static final int MAX = 1_024;

    /// The most bytes that may wait; above it nothing is read.
    static final int MAX_BYTES = 1024 * 1024;

    private static final byte[] NOTHING = {};

    /// About what one that waits costs beside its frame.
    private static final int OVERHEAD = 128;

    /// What an answer waits for.
    ///
    /// @param place where it will be written; null when it is there already
    /// @param weight about how many bytes it costs while it waits
    /// @param commit of what was published; null when it waits only for those before it
    /// @param topic where it was published; null when only the commit tells that it is safe enough
    /// @param offset of what was published
    /// @param then told why it failed, before that is said; null when it did not, as soon as it was said
    private record Waiting(
            byte[] frame,
            @Nullable Place place,
            int weight,
            @Nullable String requestId,
            @Nullable Commit commit,
            @Nullable Topic topic,
            long offset,
            @Nullable Consumer<@Nullable Refused> then) {}

    /// Where an answer stands among the others that will be known later. On the loop.
    final class Place {

        private byte @Nullable [] frame;

        /// It is known now.
        ///
        /// @param whole the frame, which belongs to the place from now on
        void fill(byte[] whole) {
            frame = whole;
            wake();
        }
    }

    private final Session session;
    private final Answers answers;
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Runnable ahead = this::sayAhead;

    /// The commits listened to last: of a topic that is written, and of one that is synced.
    private @Nullable Commit heardLast;

    private @Nullable Commit heardBefore;
    private @Nullable Runnable whenSettled;
    private long bytes;

    /// Whether reading has stopped for it.
    private boolean stopped;

    PendingAnswers(Session session, Answers answers) {
        this.session = session;
        this.answers = answers;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /// Whether so much waits that nothing more may be read.
    boolean isFull() {
        return queue.size() >= MAX || bytes >= MAX_BYTES;
    }

    /// An answer to a publish, for when it is committed.
    ///
    /// @param frame empty: only a failure is told
    /// @param topic see [Waiting]
    void add(byte[] frame, @Nullable String requestId, Commit commit, @Nullable Topic topic, long offset) {
        add(new Waiting(frame, null, frame.length, requestId, commit, topic, offset, null));
        listen(commit);
    }

    /// An answer for when something else is committed.
    ///
    /// @param then see [Waiting]
    void add(byte[] frame, @Nullable String requestId, Commit commit, Consumer<@Nullable Refused> then) {
        add(new Waiting(frame, null, frame.length, requestId, commit, null, -1, then));
        listen(commit);
    }

    private void listen(Commit commit) {
        if (commit != heardLast && commit != heardBefore) {
            heardBefore = heardLast;
            heardLast = commit;
            commit.onDone(_ -> wake());
        }
    }

    /// An answer that only waits for those before it.
    ///
    /// @param then what may happen only after it
    void add(byte[] frame, @Nullable Runnable then) {
        add(new Waiting(frame, null, frame.length, null, null, null, -1, then == null ? null : _ -> then.run()));
    }

    /// Keeps a place for an answer that is not known yet; those after it wait for it.
    ///
    /// @param weight about how many bytes what it waits for keeps
    Place reserve(int weight) {
        Place place = new Place();
        add(new Waiting(NOTHING, place, weight, null, null, null, -1, null));
        return place;
    }

    private void add(Waiting waiting) {
        if (queue.isEmpty()) {
            answers.ahead(ahead);
        }
        queue.add(waiting);
        bytes += waiting.weight + OVERHEAD;
        stopped |= isFull();
    }

    /// Any thread.
    private void wake() {
        if (!woken.get() && woken.compareAndSet(false, true)) {
            session.wake(this);
        }
    }

    @Override
    protected void drain() {
        woken.set(false);
        say();
        Runnable settled = whenSettled;
        if (settled != null && queue.isEmpty()) {
            whenSettled = null;
            settled.run();
        }
        if (stopped && !isFull()) {
            stopped = false;
            session.readAgain();
        }
    }

    /// Says what can be said.
    private void say() {
        for (Waiting first = queue.peek(); first != null && isReady(first); first = queue.peek()) {
            queue.remove();
            bytes -= first.weight + OVERHEAD;
            say(first);
        }
        if (queue.isEmpty()) {
            answers.ahead(null);
        }
    }

    /// While the outbox sends: what follows from it is done later.
    private void sayAhead() {
        say();
        if (whenSettled != null && queue.isEmpty() || stopped && !isFull()) {
            wake();
        }
    }

    private boolean isReady(Waiting first) {
        Place place = first.place;
        if (place != null) {
            return place.frame != null;
        }
        Commit commit = first.commit;
        return commit == null || commit.isDone() || first.topic != null && session.isHeard(first.topic, first.offset);
    }

    private void say(Waiting first) {
        byte[] known = first.place == null ? null : first.place.frame;
        if (known != null) {
            answers.write(known);
            return;
        }
        Commit commit = first.commit;
        Refused failure = commit == null || !commit.isDone() ? null : commit.await();
        if (failure != null) {
            if (first.then != null) {
                // Whoever hears that it was refused may ask again at once.
                first.then.accept(failure);
            }
            session.refuseNow(first.requestId, Refusal.error(failure));
            return;
        }
        if (first.frame.length > 0) {
            answers.write(first.frame);
        }
        if (first.then != null) {
            first.then.accept(null);
        }
    }

    /// Runs `action` once, on the loop, as soon as nothing waits any more.
    void whenSettled(Runnable action) {
        whenSettled = action;
    }

    /// Nothing is said any more.
    void close() {
        queue.clear();
        bytes = 0;
        whenSettled = null;
        stopped = false;
        answers.ahead(null);
    }
}
