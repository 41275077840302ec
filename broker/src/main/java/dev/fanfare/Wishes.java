package dev.fanfare;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What a publisher asks for beside the usual: how long a message counts, when it goes out, how safe it has to
/// be. Most ask for none of it, and hold no such object. With them, since it is as rare, is the turn of a message that
/// has its place, which nobody asks for.
///
/// @param ttlMillis how long it counts from its timestamp on; 0 for ever
/// @param delayMillis how long after it was published it gets its place; 0 at once
/// @param deliverAtMillis when it gets its place, in milliseconds since 1970; [#NEVER_SAID] at once
/// @param durability how safe it has to be, at least, before its publisher is answered
/// @param turn see [Message#turn]
record Wishes(long ttlMillis, long delayMillis, long deliverAtMillis, Durability durability, int turn) {

    static final Wishes NONE = new Wishes(0, 0, Wishes.NEVER_SAID, Durability.MEMORY, 0);

    static final long NEVER_SAID = Long.MIN_VALUE;

    /// The longest that a message may live or wait.
    static final Duration LONGEST = Duration.ofDays(3_650);

    Wishes withTtl(Duration ttl) {
        if (ttl.compareTo(Duration.ofMillis(1)) < 0 || ttl.compareTo(LONGEST) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the time to live of a message must be 1 ms to " + LONGEST.toDays() + " days, not " + ttl);
        }
        return new Wishes(ttl.toMillis(), delayMillis, deliverAtMillis, durability, turn);
    }

    /// What was stored; null when that is nothing.
    static @Nullable Wishes stored(long ttlMillis, int turn) {
        return ttlMillis == 0 && turn == 0 ? null : new Wishes(ttlMillis, 0, NEVER_SAID, Durability.MEMORY, turn);
    }

    Wishes withDelay(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the delay of a message must be 0 to " + LONGEST.toDays() + " days, not " + delay);
        }
        return new Wishes(ttlMillis, delay.toMillis(), NEVER_SAID, durability, turn);
    }

    Wishes withDeliverAt(Instant time) {
        return new Wishes(ttlMillis, 0, Start.millis(time), durability, turn);
    }

    Wishes withDurability(Durability level) {
        return new Wishes(ttlMillis, delayMillis, deliverAtMillis, level, turn);
    }

    /// What of it a message keeps that has its place; null when that is nothing.
    static @Nullable Wishes kept(@Nullable Wishes wishes, int turn) {
        if (wishes == null) {
            return stored(0, turn);
        }
        boolean same = !wishes.delays() && wishes.durability == Durability.MEMORY && wishes.turn == turn;
        return same && wishes.ttlMillis != 0 ? wishes : stored(wishes.ttlMillis, turn);
    }

    boolean delays() {
        return delayMillis > 0 || deliverAtMillis != NEVER_SAID;
    }

    /// The moment at which it gets its place; `now` or earlier: at once.
    long dueMillis(long now) {
        return deliverAtMillis == NEVER_SAID ? now + delayMillis : deliverAtMillis;
    }
}
