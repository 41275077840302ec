package dev.fanfare.routing;

import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Route;
import dev.fanfare.store.NamedRows;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The rules that were added while a broker ran, in its store. Any thread that may wait.
final class StoredRoutes {

    private static final Logger LOG = LoggerFactory.getLogger(StoredRoutes.class);

    private final Committer committer;
    private final Function<String, Filter> understands;
    private final AtomicLong next = new AtomicLong();

    /// What is stored, by the names. Changed by the committing thread.
    private final Map<String, byte[]> forms = new ConcurrentHashMap<>();

    /// @param understands the words of filters that are the program's own
    StoredRoutes(Committer committer, Function<String, Filter> understands) {
        this.committer = committer;
        this.understands = understands;
        committer.remembers(to -> forms.forEach((name, form) -> {
            to.next();
            to.put(Table.ROUTES, key(name), form);
        }));
    }

    /// All of them, in the order in which they were added. One that can't be had is logged, and stays stored.
    List<Route> read() {
        List<RouteForm> found = new ArrayList<>();
        List<String> lost = NamedRows.read(committer.store(), Table.ROUTES, (name, value) -> {
            forms.put(name, value);
            try {
                RouteForm form = RouteForm.of(name, value, understands);
                next.accumulateAndGet(form.number() + 1, Math::max);
                found.add(form);
            } catch (FanfareException | IllegalArgumentException e) {
                notInForce(name, e);
            }
        });
        lost.forEach(what -> committer
                .damage()
                .lost("Routes can't be read and are not in force: " + what + "; add or remove them by their names"));
        found.sort(Comparator.comparingLong(RouteForm::number));
        return found.stream().map(RouteForm::route).toList();
    }

    /// A rule that is stored can't be had.
    void notInForce(String name, RuntimeException why) {
        LOG.error(
                "Route '{}' of {} is not in force: {}; it stays stored until it is removed",
                name,
                committer.store().place(),
                why.getMessage());
    }

    /// Has a rule stored: [Pending#await] returns when it outlives the power. In the order of the calls.
    Pending put(Route route) {
        byte[] form = new RouteForm(next.getAndIncrement(), route).toBytes();
        Committer.Change change = new Committer.Change() {
            @Override
            public void write(Store.Batch batch) {
                batch.put(Table.ROUTES, key(route.name()), form);
            }

            @Override
            public void stored() {
                forms.put(route.name(), form);
            }

            @Override
            public Committer.Change failed() {
                return removal(route.name());
            }
        };
        Commit commit = committer.add(change, Durability.SYNCED);
        return () -> {
            Refused failure = commit.await();
            if (failure != null) {
                throw new FanfareException(
                        failure.code(), "route '" + route.name() + "' was not added: " + failure.reason());
            }
        };
    }

    /// Something that is being stored.
    interface Pending {

        /// Waits. Not on an event loop.
        ///
        /// @throws FanfareException when it could not be stored
        void await();
    }

    /// Whether there is one of that name; true when that can't be read.
    boolean has(String name) {
        try {
            return committer.store().get(Table.ROUTES, key(name)) != null;
        } catch (StoreException e) {
            if (e.reason() == StoreException.Reason.CORRUPT) {
                return true;
            }
            throw e;
        }
    }

    /// Has a rule taken out, if it is there. In the order of the calls.
    Pending remove(String name) {
        Commit commit = committer.add(removal(name), Durability.SYNCED);
        return () -> {
            Refused failure = commit.await();
            if (failure != null) {
                throw new FanfareException(
                        ErrorCode.INTERNAL,
                        "route '" + name + "' is gone here, but not yet stored so: " + failure.reason());
            }
        };
    }

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private Committer.Change removal(String name) {
        return Committer.Change.lasting(batch -> {
            forms.remove(name);
            batch.delete(Table.ROUTES, key(name));
        });
    }
}
