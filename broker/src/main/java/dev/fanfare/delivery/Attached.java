package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.SubscriptionEnd;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a user holds of an acknowledged subscription: its backlog and the member that works on it.
class Attached implements AcknowledgedSubscription {

    private final Backlog backlog;
    private final @Nullable Boolean recovered;

    Attached(Backlog backlog) {
        this.backlog = backlog;
        this.recovered = backlog.recovered();
    }

    Backlog backlog() {
        return backlog;
    }

    @Override
    public String pattern() {
        return backlog.terms().pattern().text();
    }

    @Override
    public String name() {
        return backlog.name();
    }

    @Override
    public Figures figures() {
        return backlog.figures();
    }

    @Override
    public @Nullable Boolean recovered() {
        return recovered;
    }

    @Override
    public Optional<SubscriptionEnd> ended() {
        return Optional.ofNullable(backlog.over());
    }

    @Override
    public void close() {
        backlog.end(SubscriptionEnd.CLOSED);
    }

    @Override
    public String toString() {
        return "Subscription[" + pattern() + ", " + name() + "]";
    }
}
