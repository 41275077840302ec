package dev.fanfare.delivery;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// How far a message is for one subscription or group. [#to] is the one table of what may follow what.
public enum Stage {
    /// Published, not yet taken over.
    CREATED,
    /// Waits to be taken by a member.
    QUEUED,
    /// A member has it.
    DELIVERING,
    /// Done.
    DELIVERED,
    /// An attempt failed, and what comes next is being decided or carried out.
    FAILED,
    /// Waits for its next attempt.
    RETRY_SCHEDULED,
    /// Given up: moved aside.
    DEAD_LETTER;

    private static final AtomicLong VIOLATIONS = new AtomicLong();

    private Set<Stage> next = Set.of();

    static {
        CREATED.next = EnumSet.of(QUEUED);
        // DELIVERED: acknowledged late, after it was taken back. FAILED: it expired. RETRY_SCHEDULED: it was so before
        // the process began.
        QUEUED.next = EnumSet.of(DELIVERING, DELIVERED, FAILED, RETRY_SCHEDULED);
        // QUEUED: its member left.
        DELIVERING.next = EnumSet.of(DELIVERED, FAILED, QUEUED);
        // Its acknowledgement could not be stored.
        DELIVERED.next = EnumSet.of(QUEUED);
        FAILED.next = EnumSet.of(RETRY_SCHEDULED, DEAD_LETTER);
        // DELIVERED: acknowledged late. FAILED: it expired.
        RETRY_SCHEDULED.next = EnumSet.of(QUEUED, DELIVERED, FAILED);
        // Redriven.
        DEAD_LETTER.next = EnumSet.of(QUEUED);
    }

    /// Whether `following` may come next.
    public boolean allows(Stage following) {
        return next.contains(following);
    }

    /// The next stage.
    ///
    /// @throws IllegalStateException when the table does not allow it: a bug
    Stage to(Stage following) {
        if (!allows(following)) {
            VIOLATIONS.incrementAndGet();
            throw new IllegalStateException("a message that is " + this + " can't become " + following);
        }
        return following;
    }

    /// How often something was to follow that the table does not allow, in all brokers of this process: each time a
    /// bug.
    public static long violations() {
        return VIOLATIONS.get();
    }

    /// Whether nothing is left to do.
    boolean isDone() {
        return this == DELIVERED || this == DEAD_LETTER;
    }
}
