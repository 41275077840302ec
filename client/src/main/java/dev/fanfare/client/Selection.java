package dev.fanfare.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which messages of its topics a subscription hears. What it says is checked by the server, which refuses the
/// subscription (`BAD_REQUEST`) when it can't be understood.
///
/// @param filter an expression in CEL over `message` and `topic`, such as
///     `message.payload.amount > 100 && message.headers.region == 'eu'`; null: any message
/// @param types the types of messages; empty: of any type
public record Selection(@Nullable String filter, List<String> types) {

    private static final Selection ALL = new Selection(null, List.of());

    /// With a copy of the types.
    public Selection {
        types = List.copyOf(types);
    }

    /// Every message.
    public static Selection all() {
        return ALL;
    }

    /// Messages for which the expression is true. One that fails on a message passes it over.
    public static Selection filter(String expression) {
        return new Selection(expression, List.of());
    }

    /// Messages of one of these types.
    public static Selection types(String... types) {
        return new Selection(null, List.of(types));
    }
}
