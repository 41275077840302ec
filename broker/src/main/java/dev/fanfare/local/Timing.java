package dev.fanfare.local;

import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Topic;
import org.jspecify.annotations.Nullable;

/// When a subscription delivers what waits for it: as it says itself, else as its topic does.
final class Timing {

    private final LocalSubscription owner;
    private final LocalDelivery delivery;
    private final Cursor cursor;
    private final Pacing pacing;
    private volatile @Nullable DeliveryStrategy own;

    /// What waited when batched delivery was last due, up to here, is delivered without asking again.
    private volatile long flushUntil;

    Timing(LocalSubscription owner, LocalDelivery delivery, Cursor cursor, Loop loop, @Nullable DeliveryStrategy own) {
        this.owner = owner;
        this.delivery = delivery;
        this.cursor = cursor;
        this.pacing = new Pacing(loop, owner::nudge);
        this.own = own;
    }

    /// What the subscription says itself.
    @Nullable
    DeliveryStrategy own() {
        return own;
    }

    /// From now on; null: as its topic does.
    void own(@Nullable DeliveryStrategy next) {
        own = next;
    }

    DeliveryStrategy effective() {
        DeliveryStrategy said = own;
        if (said != null) {
            return said;
        }
        Topic followed = owner.topic();
        DeliveryStrategy topics = followed == null ? null : followed.delivery();
        return topics == null ? LocalDelivery.IMMEDIATE : topics;
    }

    /// Whether something is being gathered.
    boolean gathers() {
        return pacing.gathering();
    }

    /// On the loop: up to which end of the feed it need not be woken.
    long wantsWakeAt() {
        return pacing.gathering() && effective() instanceof DeliveryStrategy.Batched batched && cursor.shares()
                ? cursor.position() + Pacing.size(batched, cursor.bound())
                : 0;
    }

    /// On the loop: whether what waits is to be delivered now.
    ///
    /// @param feedEnd see [LocalSubscription#serve]
    boolean isDue(long feedEnd) {
        if (owner.mustFinish() || cursor.isMissing()) {
            return true;
        }
        long lag = cursor.lag(feedEnd);
        DeliveryStrategy now = effective();
        if (!pacing.isDue(now, lag, cursor.bound())) {
            return lag > 0 && cursor.position() < flushUntil;
        }
        flushUntil = cursor.position() + lag;
        if (now instanceof DeliveryStrategy.Batched) {
            delivery.events().emit(() -> new BrokerEvent.BatchFlush(owner.pattern(), owner.name(), lag));
        }
        return true;
    }

    /// Whether something waits that needs no asking: what a flush began, or anything when nothing is gathered.
    boolean mayGoOn() {
        return cursor.isMissing()
                || cursor.lag() > 0
                        && (cursor.position() < flushUntil || effective() instanceof DeliveryStrategy.Immediate);
    }
}
