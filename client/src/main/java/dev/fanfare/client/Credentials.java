package dev.fanfare.client;

import java.util.Map;
import java.util.function.Supplier;

/// How a client shows who it is. It is asked before every connection and every call, by any thread, and may wait: a
/// token that is about to expire can be renewed there.
@FunctionalInterface
public interface Credentials {

    /// Headers by their names.
    Map<String, String> headers();

    /// Nothing is shown.
    static Credentials none() {
        return Map::of;
    }

    /// An API key, as `fanfare keys create` tells it.
    static Credentials apiKey(String key) {
        Map<String, String> headers = Map.of("X-API-Key", key);
        return () -> headers;
    }

    /// A token (JWT), asked for anew each time.
    static Credentials token(Supplier<String> token) {
        return () -> Map.of("Authorization", "Bearer " + token.get());
    }
}
