package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.SubscriptionEnd;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a user holds of an acknowledged subscription: the member that works on its backlog.
abstract class Attached implements AcknowledgedSubscription {

    abstract Member member();

    Backlog backlog() {
        return member().backlog();
    }

    @Override
    public String pattern() {
        return backlog().terms().pattern().text();
    }

    @Override
    public String name() {
        return backlog().name();
    }

    @Override
    public Figures figures() {
        return backlog().figures();
    }

    @Override
    public @Nullable Boolean recovered() {
        return backlog().recovered();
    }

    @Override
    public Optional<SubscriptionEnd> ended() {
        return Optional.ofNullable(member().end());
    }

    @Override
    public void close() {
        member().leave();
    }

    @Override
    public String toString() {
        return "Subscription[" + pattern() + ", " + name() + "]";
    }
}
