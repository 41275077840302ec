package dev.fanfare.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/// The two addresses of a server, whichever of them was given.
///
/// @param webSocket such as `ws://127.0.0.1:8080/ws`
/// @param http such as `http://127.0.0.1:8080`, without a slash at its end
record ServerUrl(URI webSocket, String http) {

    static ServerUrl parse(String text) {
        URI uri;
        try {
            uri = new URI(text.contains("://") ? text : "http://" + text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no address: " + e.getReason() + ". Give one like http://localhost:8080", e);
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        boolean secure = switch (scheme) {
            case "http", "ws" -> false;
            case "https", "wss" -> true;
            default ->
                throw new IllegalArgumentException("'" + text + "' must begin with http://, https://, ws:// or wss://");
        };
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("'" + text + "' names no host. Give one like http://localhost:8080");
        }
        String path = uri.getRawPath().replaceFirst("/+$", "").replaceFirst("/ws$", "");
        String rest = uri.getRawAuthority() + path;
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return new ServerUrl(
                URI.create((secure ? "wss://" : "ws://") + rest + "/ws" + query),
                (secure ? "https://" : "http://") + rest);
    }
}
