package dev.fanfare;

import dev.fanfare.routing.RouteTable;
import java.util.List;
import java.util.Optional;

/// The rules by which messages go from topic to topic: [Broker#routes]. Any thread.
///
/// A rule holds for what is published after [#add] returns, and no more after [#remove] returns; what a rule has
/// still to copy then, it copies. In a broker with a store the rules that are added here are there again when the next
/// one is opened with it, except those whose filter has no [Filter#words]. What a route promises is in
/// `docs/guarantees.md`.
public final class Routes {

    private final RouteTable table;

    Routes(RouteTable table) {
        this.table = table;
    }

    /// Adds a rule. Waits until it is stored, if there is a store.
    ///
    /// @throws FanfareException `BAD_REQUEST` when there is one of that name, or when a message could come round
    ///     in a circle: the error names it; `LIMIT_REACHED`; `SHUTTING_DOWN`; `BACKPRESSURE` or
    ///     `INTERNAL` when it could not be stored: then it does not hold
    public void add(Route route) {
        table.add(route);
    }

    /// Takes a rule away. Waits until it is out of the store.
    ///
    /// @return false when there was none of that name
    /// @throws FanfareException `INTERNAL` when that could not be stored: it holds no more here, and is out of
    ///     the store
    ///     as soon as that can be written to
    public boolean remove(String name) {
        return table.remove(name);
    }

    /// The rule of that name.
    public Optional<Route> find(String name) {
        return list().stream().filter(route -> route.name().equals(name)).findFirst();
    }

    /// All of them, in the order in which they were added.
    public List<Route> list() {
        return table.list();
    }

    /// What they did so far, in the same order.
    public List<RouteStats> stats() {
        return table.stats();
    }
}
