package dev.fanfare.routing;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Route;
import dev.fanfare.RouteStats;
import dev.fanfare.RoutingConfig;
import dev.fanfare.feed.Pattern;
import dev.fanfare.local.Events;
import dev.fanfare.time.Deadline;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.Station;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The rules of one broker. Any thread; its lock is held while rules change, never while a message is routed.
public final class RouteTable {

    private final TopicRegistry registry;
    private final Supplier<BrokerConfig> config;
    private final Timers timers;
    private final Events events;

    private final ReentrantLock lock = new ReentrantLock();
    private final RouteGraph graph = new RouteGraph();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /// Rules taken away that may still have something to copy.
    private final List<ActiveRoute> leaving = new ArrayList<>(0);

    /// @param station where it stands in the plans
    private record Entry(Route route, ActiveRoute active, Station station) {}

    /// Null when nothing outlives the process.
    private final @Nullable StoredRoutes stored;

    /// Holds no rule yet.
    ///
    /// @param config what the broker runs with now
    public RouteTable(TopicRegistry registry, Supplier<BrokerConfig> config, Timers timers, Events events) {
        this.registry = registry;
        this.config = config;
        this.timers = timers;
        this.events = events;
        this.stored = registry.storage()
                .map(committer ->
                        new StoredRoutes(committer, config.get().routing().filters()))
                .orElse(null);
    }

    /// Begins with the rules of the configuration, and those that are stored. Once, before anything is published.
    ///
    /// @throws FanfareException when the configuration's are refused
    public void begin() {
        RoutingConfig routing = config.get().routing();
        routing.routes().forEach(this::enter);
        if (stored == null || !routing.restores()) {
            return;
        }
        for (Route route : stored.read()) {
            try {
                enter(route);
            } catch (FanfareException refused) {
                stored.notInForce(route.name(), refused);
            }
        }
    }

    /// Adds a rule; with a store, waits until it is there.
    ///
    /// @throws FanfareException `BAD_REQUEST`, `LIMIT_REACHED`, `SHUTTING_DOWN`, `INTERNAL`
    public void add(Route route) {
        StoredRoutes.Pending pending;
        lock.lock();
        try {
            enter(route);
            if (stored == null || !RouteForm.canBeStored(route)) {
                return;
            }
            // In the order in which rules come and go.
            pending = stored.put(route);
        } finally {
            lock.unlock();
        }
        try {
            pending.await();
        } catch (RuntimeException | Error e) {
            leave(route.name());
            throw e;
        }
    }

    private void enter(Route route) {
        lock.lock();
        try {
            if (entries.size() >= config.get().routing().maxRoutes()) {
                throw tooMany(route, config.get().routing());
            }
            install(route);
        } finally {
            lock.unlock();
        }
    }

    private static FanfareException tooMany(Route route, RoutingConfig routing) {
        return new FanfareException(
                BrokerLimit.ROUTES,
                "route '" + route.name() + "' would be one more than the " + routing.maxRoutes()
                        + " that max-routes allows");
    }

    private void install(Route route) {
        lock.lock();
        try {
            graph.add(route);
            try {
                ActiveRoute active = active(route, null);
                Station station = registry.feeds().station(Pattern.of(route.from()), active);
                entries.put(route.name(), new Entry(route, active, station));
            } catch (RuntimeException | Error e) {
                graph.remove(route.name());
                throw e;
            }
            // Under the lock, so that comings and goings are told in their order; they are only put into queues.
            events.emit(() -> new BrokerEvent.RouteAdded(route.name(), route.from(), route.to()));
        } finally {
            lock.unlock();
        }
    }

    /// @param before what the rule was until it was changed; null: it is a new one
    private ActiveRoute active(Route route, @Nullable ActiveRoute before) {
        RouteTally tally =
                before == null ? new RouteTally(route, events, timers) : new RouteTally(route, before.tally());
        return switch (route.mode()) {
            case REDIRECT -> new RedirectRoute(tally, copied(before));
            case COPY -> {
                CopyRoute copied = copied(before);
                yield new CopyRoute(
                        tally,
                        registry::publish,
                        copied == null ? queue(route) : copied.queue(),
                        new Pressure(route, events, timers)::count);
            }
        };
    }

    /// What the rule was when it copied last; null when it never has.
    private static @Nullable CopyRoute copied(@Nullable ActiveRoute rule) {
        return switch (rule) {
            case CopyRoute copying -> copying;
            case RedirectRoute redirecting -> redirecting.copied();
            case null, default -> null;
        };
    }

    private CopyQueue queue(Route route) {
        return new CopyQueue(
                "fanfare-route-" + route.name(),
                () -> config.get().routing().queue(),
                () -> config.get().blockTimeout().toMillis());
    }

    /// Has a rule in the place of the one of its name, in one step for each topic.
    ///
    /// @return false when it would close a circle, or make too long a chain, with the others: nothing has changed
    private boolean change(Route route) {
        Entry before = entries.get(route.name());
        if (before == null || !graph.exchange(route)) {
            return false;
        }
        ActiveRoute active = active(route, before.active);
        try {
            before.station.exchange(Pattern.of(route.from()), active);
        } catch (RuntimeException | Error e) {
            graph.exchange(before.route);
            throw e;
        }
        entries.put(route.name(), new Entry(route, active, before.station));
        events.emit(() -> new BrokerEvent.RouteRemoved(route.name()));
        events.emit(() -> new BrokerEvent.RouteAdded(route.name(), route.from(), route.to()));
        return true;
    }

    /// It is in force no more, and copies what waits.
    private void stay(ActiveRoute left) {
        leaving.removeIf(each -> each.stats().waiting() == 0);
        if (left.stats().waiting() > 0) {
            leaving.add(left);
        }
    }

    /// Has the rules of one configuration in the place of another's. What both have goes on undisturbed, and so does
    /// what was added otherwise; what was removed otherwise stays so.
    ///
    /// A rule that is changed gets every message either as it was or as it will be, and what it has still to copy
    /// comes first; unless several are changed that, as they were and as they will be, would send messages in a
    /// circle in whatever order they change: these are taken away and added anew.
    ///
    /// @throws FanfareException when they don't go together, or are too many: nothing has changed
    ///     then, but what it names as not put back, for which others have taken the room meanwhile
    public void replace(List<Route> before, RoutingConfig next) {
        lock.lock();
        try {
            List<Route> gone = before.stream()
                    .filter(route -> !next.routes().contains(route))
                    .filter(this::isInForce)
                    .toList();
            List<Route> come = next.routes().stream()
                    .filter(route -> !before.contains(route))
                    .toList();
            check(gone, come, next);
            Deque<Undo> undo = new ArrayDeque<>();
            try {
                replace(gone, come, undo);
            } catch (RuntimeException | Error e) {
                List<String> left = undone(undo);
                if (!left.isEmpty()) {
                    throw notPutBack(e, left);
                }
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    /// What undoes a step with a rule.
    ///
    /// @param back false when it could not
    private record Undo(String route, BooleanSupplier back) {}

    /// Undoes all steps that can be undone.
    ///
    /// @return of the others, why not
    private static List<String> undone(Deque<Undo> undo) {
        List<String> left = new ArrayList<>();
        for (Undo each : undo) {
            String name = "route '" + each.route + "'";
            try {
                if (!each.back.getAsBoolean()) {
                    left.add(name + ", which does not go together with the others");
                }
            } catch (RuntimeException | Error e) {
                left.add(name + ": " + e.getMessage());
            }
        }
        return left;
    }

    private static FanfareException notPutBack(Throwable why, List<String> left) {
        FanfareException known = why instanceof FanfareException refused ? refused : null;
        FanfareException told = new FanfareException(
                known == null ? ErrorCode.INTERNAL : known.code(),
                (known == null ? why : known.getMessage()) + "; what was changed before that could not be put back: "
                        + String.join("; ", left),
                known == null ? null : known.limit());
        told.initCause(why);
        return told;
    }

    /// @param undo gets what undoes each step, the last one first
    private void replace(List<Route> gone, List<Route> come, Deque<Undo> undo) {
        Map<String, Route> before = new HashMap<>();
        gone.forEach(route -> before.put(route.name(), route));
        List<Route> changed = new ArrayList<>();
        List<Route> added = new ArrayList<>();
        for (Route route : come) {
            (before.containsKey(route.name()) ? changed : added).add(route);
        }
        for (Route route : gone) {
            if (changed.stream().noneMatch(each -> each.name().equals(route.name()))) {
                leave(route.name());
                undo.push(installing(route));
            }
        }
        // One that does not go together with what another still is has its turn after that.
        while (changed.removeIf(route -> change(route, before, undo))) {}
        // Those that only go together once all of them are what they will be.
        for (Route route : changed) {
            leave(route.name());
            undo.push(installing(Objects.requireNonNull(before.get(route.name()))));
        }
        added.addAll(changed);
        for (Route route : added) {
            install(route);
            undo.push(new Undo(route.name(), () -> leave(route.name())));
        }
    }

    private Undo installing(Route route) {
        return new Undo(route.name(), () -> {
            install(route);
            return true;
        });
    }

    private boolean change(Route route, Map<String, Route> before, Deque<Undo> undo) {
        if (!change(route)) {
            return false;
        }
        Route was = Objects.requireNonNull(before.get(route.name()));
        undo.push(new Undo(route.name(), () -> change(was)));
        return true;
    }

    private boolean isInForce(Route route) {
        Entry entry = entries.get(route.name());
        return entry != null && entry.route.equals(route);
    }

    private void check(List<Route> gone, List<Route> come, RoutingConfig next) {
        RouteGraph wanted = new RouteGraph();
        int count = 0;
        for (Entry entry : entries.values()) {
            if (!gone.contains(entry.route)) {
                wanted.add(entry.route);
                count++;
            }
        }
        for (Route route : come) {
            wanted.add(route);
            if (++count > next.maxRoutes()) {
                throw tooMany(route, next);
            }
        }
    }

    /// Takes a rule away, and waits until it is out of the store: false when there was none.
    ///
    /// @throws FanfareException `INTERNAL` when that could not be stored yet
    public boolean remove(String name) {
        if (stored == null) {
            return leave(name);
        }
        StoredRoutes.Pending pending;
        lock.lock();
        try {
            if (!leave(name) && !stored.has(name)) {
                return false;
            }
            pending = stored.remove(name);
        } finally {
            lock.unlock();
        }
        pending.await();
        return true;
    }

    private boolean leave(String name) {
        lock.lock();
        try {
            Entry entry = entries.remove(name);
            if (entry == null) {
                return false;
            }
            entry.station.dismiss();
            graph.remove(name);
            stay(entry.active);
            events.emit(() -> new BrokerEvent.RouteRemoved(name));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// The rules, in the order in which they were added.
    public List<Route> list() {
        return snapshot().stream().map(Entry::route).toList();
    }

    /// What they did.
    public List<RouteStats> stats() {
        return snapshot().stream().map(entry -> entry.active.stats()).toList();
    }

    private List<Entry> snapshot() {
        lock.lock();
        try {
            return List.copyOf(entries.values());
        } finally {
            lock.unlock();
        }
    }

    /// Has the broker refuse every publish but those of routes, and waits until they have copied everything.
    /// Nothing is copied any more when this returns.
    ///
    /// @param grace how long it may take, in real time
    public void close(Duration grace) {
        List<ActiveRoute> active = new ArrayList<>();
        lock.lock();
        try {
            active.addAll(leaving);
            entries.values().forEach(entry -> active.add(entry.active));
        } finally {
            lock.unlock();
        }
        if (active.isEmpty()) {
            return;
        }
        registry.stopButRoutes();
        Deadline deadline = Deadline.in(grace);
        try {
            // One that is idle may get something from one that comes later; no chain is longer than there are rounds.
            for (int round = 0; round <= RouteGraph.MAX_CHAIN; round++) {
                for (ActiveRoute each : active) {
                    each.awaitIdle(deadline.left());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        active.forEach(ActiveRoute::giveUp);
    }
}
