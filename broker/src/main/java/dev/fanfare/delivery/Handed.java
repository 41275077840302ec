package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A message in the hands of a member. Whether it still counts is decided under the backlog's lock, by the number of
/// its attempt.
final class Handed implements Delivery {

    final Entry entry;
    final Member member;
    final int attempt;

    Handed(Entry entry, Member member, int attempt) {
        this.entry = entry;
        this.member = member;
        this.attempt = attempt;
    }

    @Override
    public Message message() {
        return entry.message;
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public boolean ack() {
        return member.backlog().completion().acknowledge(List.of(this)) == 1;
    }

    @Override
    public boolean nack(@Nullable Duration delay, @Nullable Throwable cause) {
        check(delay);
        return member.backlog().aftermath().fail(this, delay, cause);
    }

    /// @throws FanfareException `BAD_REQUEST`
    static void check(@Nullable Duration delay) {
        if (delay != null && (delay.isNegative() || delay.compareTo(RetryPolicy.MAX_DELAY) > 0)) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "the delay of a retry must be 0 to 7 days, not " + delay);
        }
    }

    @Override
    public boolean reject(String reason) {
        return member.backlog().aftermath().reject(this, reason);
    }

    @Override
    public String toString() {
        return "Delivery[" + entry.message + ", attempt " + attempt + "]";
    }
}
