package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.Restatement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The durable subscriptions and groups in the store: each has a number there, which no other ever gets. Those
/// to which nobody has come back since the process began wait here.
final class StoredBacklogs {

    /// Under this name, which nobody can have, the next number is kept.
    private static final byte[] NEXT = new byte[0];

    private final Committer committer;
    private final Timers timers;
    private final Map<String, Dormant> dormant = new ConcurrentHashMap<>();
    private final Map<String, Timers.Timer> expiries = new ConcurrentHashMap<>();

    private final AtomicInteger next = new AtomicInteger(1);

    /// @param live those that somebody has come to since the process began
    StoredBacklogs(Committer committer, Timers timers, Collection<Backlog> live) {
        this.committer = committer;
        this.timers = timers;
        committer.remembers(to -> sayAgain(to, live));
    }

    /// Which there are and what they have done, whatever the store says now. On the committing thread, under no
    /// lock.
    private void sayAgain(Restatement to, Collection<Backlog> live) {
        to.put(Table.SUBSCRIPTIONS, NEXT, Keys.of(next.get()));
        dormant.forEach((name, there) -> {
            to.next();
            put(to, name, there.form());
            there.sayAgain(to);
        });
        for (Backlog backlog : live) {
            to.next();
            Keeper keeper = backlog.keeper();
            if (keeper != null && keeper.sayAgain(to)) {
                put(to, backlog.name(), form(backlog, keeper, backlog.isAttended()));
            }
        }
    }

    private BacklogForm form(Backlog backlog, Keeper keeper, boolean somebody) {
        BacklogForm form = BacklogForm.of(
                keeper.number(), backlog.kind(), backlog.terms(), backlog.owner(), backlog.createdMillis());
        return somebody ? form : form.left(timers.currentTimeMillis());
    }

    // ---- the beginning

    /// Brings them back. Once, when the topics are there and before anything else.
    void restore(Map<Integer, LiveTopic> byNumber) {
        BacklogReader reader = new BacklogReader(committer.store(), committer.damage(), byNumber);
        reader.read().forEach(this::wait);
        next.set(reader.next());
    }

    private void wait(Dormant nobodys) {
        String name = nobodys.name();
        BacklogForm form = nobodys.form();
        dormant.put(name, nobodys);
        long left = form.leftMillis() == 0 ? timers.currentTimeMillis() : form.leftMillis();
        Duration stays = Duration.ofMillis(Math.max(0, left + form.expiry().toMillis() - timers.currentTimeMillis()));
        expiries.put(name, timers.schedule(stays, () -> end(name)));
    }

    // ---- names

    boolean isDormant(String name) {
        return dormant.containsKey(name);
    }

    /// The one of that name to which nobody has come back; it does not wait any more.
    /// It goes on waiting when it stands for something else (`BAD_REQUEST`) or is another's (`FORBIDDEN`).
    ///
    /// @return null when there is none
    /// @throws FanfareException when this demand may not have it
    @Nullable
    Dormant wake(Demand demand) {
        Dormant there = dormant.get(demand.name());
        if (there == null) {
            return null;
        }
        Claim.check(demand.name(), there.form().owner(), demand.claim());
        String difference = there.form().difference(demand.kind(), demand.terms());
        if (!difference.isEmpty()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the name '" + demand.name() + "' is used for something else: " + difference
                            + "; use another name, or end that one first");
        }
        cancelExpiry(demand.name());
        return dormant.remove(demand.name());
    }

    private void cancelExpiry(String name) {
        Timers.Timer expiry = expiries.remove(name);
        if (expiry != null) {
            expiry.cancel();
        }
    }

    /// What stores a new one, or one that was waiting.
    Keeper keeper(Demand demand, @Nullable Dormant before) {
        boolean filtered = demand.terms().filter() != null;
        if (before == null) {
            int number = next.getAndIncrement();
            BacklogForm form =
                    BacklogForm.of(number, demand.kind(), demand.terms(), demand.owner(), timers.currentTimeMillis());
            // Before anything can be stored under the number.
            committer.addQuietly(
                    Committer.Change.lasting(batch -> batch.put(Table.SUBSCRIPTIONS, NEXT, Keys.of(next.get()))));
            return new Keeper(number, filtered, null, batch -> put(batch, demand.name(), form), committer, timers);
        }
        BacklogForm form = before.form();
        store(
                demand.name(),
                new BacklogForm(
                        form.number(),
                        form.kind(),
                        form.pattern(),
                        form.terms(),
                        form.createdMillis(),
                        0,
                        demand.terms().expiry()));
        return new Keeper(form.number(), filtered, before, null, committer, timers);
    }

    /// One that was to be brought back could not be: it waits on.
    void waitOn(Dormant before) {
        var _ = committer.add(
                Committer.Change.lasting(batch -> put(batch, before.name(), before.form())), Durability.WRITTEN);
        wait(before);
    }

    /// Its last member left, or one came after that: it does not expire any more.
    void attended(Backlog backlog, boolean somebody) {
        Keeper keeper = backlog.keeper();
        if (keeper != null) {
            store(backlog.name(), form(backlog, keeper, somebody));
        }
    }

    private void store(String name, BacklogForm form) {
        var _ = committer.add(Committer.Change.lasting(batch -> put(batch, name, form)), Durability.WRITTEN);
    }

    private static void put(Store.Batch batch, String name, BacklogForm form) {
        batch.put(Table.SUBSCRIPTIONS, name.getBytes(StandardCharsets.UTF_8), form.toBytes());
    }

    /// Ends one to which nobody has come back.
    ///
    /// @return false when there is none
    boolean end(String name) {
        cancelExpiry(name);
        AtomicBoolean ended = new AtomicBoolean();
        dormant.computeIfPresent(name, (_, there) -> {
            // Before the name may be used anew: what is stored of a new one comes after this.
            int number = there.form().number();
            var _ = committer.add(
                    Committer.Change.lasting(batch -> {
                        there.release();
                        clear(batch, name, number);
                    }),
                    Durability.WRITTEN);
            ended.set(true);
            return null;
        });
        return ended.get();
    }

    /// Tells when all that has happened outlives the power.
    Commit settled() {
        return committer.settled(Durability.SYNCED);
    }

    /// Takes one out of the store that has ended.
    void ended(String name, Keeper keeper) {
        var _ = committer.add(
                Committer.Change.lasting(batch -> {
                    keeper.release();
                    clear(batch, name, keeper.number());
                }),
                Durability.WRITTEN);
    }

    private static void clear(Store.Batch batch, String name, int number) {
        batch.delete(Table.SUBSCRIPTIONS, name.getBytes(StandardCharsets.UTF_8));
        batch.deleteRange(Table.POSITIONS, Keys.of(number), Keys.of(number + 1));
        batch.deleteRange(Table.OUTCOMES, Keys.of(number), Keys.of(number + 1));
    }

    /// The figures of those to which nobody has come back.
    List<AcknowledgedSubscription.Figures> figures() {
        return dormant.values().stream().map(Dormant::figures).toList();
    }

    /// Nothing expires any more.
    void close() {
        expiries.values().forEach(Timers.Timer::cancel);
    }
}
