package dev.fanfare.delivery;

import dev.fanfare.Commit;
import dev.fanfare.Delivery;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.feed.Attachment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One of those who work on a backlog. Any thread.
public final class Member {

    private final Backlog backlog;
    private final Worker worker;
    private final int window;
    private final Duration ackTimeout;
    private final String name;

    // Guarded by the backlog's lock.

    /// Messages of the partitions that are this member's, ready to be taken.
    ArrayDeque<Entry> own = new ArrayDeque<>(0);

    /// How many partitions are this member's.
    int partitions;

    /// How many messages it has.
    int inFlight;

    /// Got less than it asked for, and is told when there is more.
    boolean wants;

    /// Was told, and has not come since.
    boolean called;

    /// See [Membership#feed].
    boolean fed;

    /// Why it is no member any more; null while it is one.
    private volatile @Nullable SubscriptionEnd end;

    /// @param window the most messages that it has at a time
    /// @param ackTimeout how long it may have one; zero for ever
    Member(Backlog backlog, String name, int window, Duration ackTimeout, Worker worker) {
        this.backlog = backlog;
        this.name = name;
        this.window = window;
        this.ackTimeout = ackTimeout;
        this.worker = worker;
    }

    /// The next messages.
    ///
    /// @param max at least 1
    /// @return none when nothing is ready or the window is full: [Worker#available] tells when that changes
    public List<? extends Delivery> take(int max) {
        return backlog.take(this, max, false);
    }

    /// The next messages, for one of several threads.
    ///
    /// @param othersWait whether another one is to be told of more, even if this one gets all it asks for
    List<Handed> take(int max, boolean othersWait) {
        return backlog.take(this, max, othersWait);
    }

    /// How long it may have a message before the attempt has failed; zero for ever.
    Duration ackTimeout() {
        return ackTimeout;
    }

    /// What it was told of is for others: it can't take now. It is told again when it has taken and got less than it
    /// asked for.
    public void decline() {
        backlog.decline(this);
    }

    /// Several at once; as [Delivery#ack].
    ///
    /// @param done taken by this member
    /// @return how many counted
    public int acknowledge(List<? extends Delivery> done) {
        return backlog.completion().acknowledge(done);
    }

    /// Tells when a new name outlives the power; null when it does. Who comes to one that does waits for nothing: the
    /// store may be away, and whoever had the name before is not there any more.
    public @Nullable Commit established() {
        return backlog.established();
    }

    /// Tells when everything that was acknowledged so far is as safe as its topics promise, and a new name outlives
    /// the power; null when it does.
    public @Nullable Commit stored() {
        return backlog.stored();
    }

    /// Several have failed at once; as [Delivery#nack(Duration, Throwable)]. What takes long is done on another
    /// thread.
    ///
    /// @param failed taken by this member
    public void fail(List<? extends Delivery> failed, @Nullable Duration delay, @Nullable Throwable cause) {
        Handed.check(delay);
        backlog.aftermath().fail(failed, delay, cause);
    }

    /// Several at once; as [Delivery#reject]. What takes long is done on another thread.
    ///
    /// @param rejected taken by this member
    /// @return tells when their dead letters, and that they are done, are as safe as their topics promise; null
    ///     when they are
    public @Nullable Commit reject(List<? extends Delivery> rejected, String reason) {
        return backlog.aftermath().reject(rejected, reason);
    }

    /// Those of which an acknowledgement would still count.
    ///
    /// @param taken by this member
    public <D extends Delivery> List<D> open(List<D> taken) {
        return backlog.open(taken);
    }

    /// Those that this member still has: their time is not over, and nobody has taken them over.
    ///
    /// @param taken by this member
    public <D extends Delivery> List<D> held(List<D> taken) {
        return backlog.held(taken);
    }

    /// What whoever began the subscription or group was granted.
    public Attachment.Opened opened() {
        return backlog.opened();
    }

    /// Leaves: what it has goes back at once; a subscription's own backlog ends with it. Idempotent.
    public void leave() {
        if (backlog.kind() == Kind.OWN) {
            backlog.end(SubscriptionEnd.CLOSED);
        } else {
            backlog.leave(this, SubscriptionEnd.CLOSED);
        }
    }

    /// Why it is no member any more; null while it is one.
    public @Nullable SubscriptionEnd end() {
        return end;
    }

    /// Under the backlog's lock: the first reason stays.
    void end(SubscriptionEnd why) {
        if (end == null) {
            end = why;
        }
    }

    /// What it is called in figures and events.
    public String name() {
        return name;
    }

    Backlog backlog() {
        return backlog;
    }

    Worker worker() {
        return worker;
    }

    /// Under the backlog's lock.
    int room() {
        return window - inFlight;
    }
}
