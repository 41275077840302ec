package dev.fanfare.server.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// Keeps what has figures of its own within bounds: so many rows of those with the largest weights, and one for the
/// others together.
final class Most {

    /// What the label of the others says. No client can name anything like this: `$` is the broker's.
    static final String OTHERS = "$other";

    private Most() {}

    /// The `most` heaviest rows, the first in the order of their names among equal ones, and what `sum` makes of
    /// the others, if there are any.
    static <R> List<R> of(
            List<R> rows, int most, ToLongFunction<R> weight, Comparator<R> order, Function<List<R>, R> sum) {
        if (rows.size() <= most) {
            return rows;
        }
        List<R> sorted = rows.stream()
                .sorted(Comparator.comparingLong(weight).reversed().thenComparing(order))
                .toList();
        List<R> kept = new ArrayList<>(sorted.subList(0, most));
        kept.add(sum.apply(sorted.subList(most, sorted.size())));
        return kept;
    }
}
