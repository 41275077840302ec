package dev.fanfare.server;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The pages that a browser may let speak to this server: decides over CORS, preflights and the WebSocket's handshake.
/// Immutable.
public final class AllowedOrigins {

    /// The pages served by this machine to itself: `http(s)://localhost`, `127.0.0.1` and `[::1]`, any port.
    public static final String LOCAL = "local";

    /// Every page.
    public static final String ANY = "*";

    private static final Set<String> LOCAL_HOSTS = Set.of("localhost", "127.0.0.1", "[::1]");

    private final List<String> origins;

    private AllowedOrigins(List<String> origins) {
        this.origins = origins;
    }

    /// Reads a list separated by commas: `local`, `*`, or origins as a browser sends them (`https://app.example`).
    /// Empty if an entry is none of these.
    public static Optional<AllowedOrigins> parse(String text) {
        List<String> origins = new ArrayList<>();
        for (String entry : text.split(",", -1)) {
            String origin = entry.strip().toLowerCase(Locale.ROOT);
            if (!origin.equals(LOCAL) && !origin.equals(ANY) && !wellFormed(origin)) {
                return Optional.empty();
            }
            origins.add(origin);
        }
        return Optional.of(new AllowedOrigins(List.copyOf(origins)));
    }

    /// Whether a page of this origin may speak to the server; a request without an `Origin` is no page's and may.
    public boolean allows(@Nullable String origin) {
        if (origin == null) {
            return true;
        }
        String asked = origin.toLowerCase(Locale.ROOT);
        return origins.stream().anyMatch(allowed -> switch (allowed) {
            case ANY -> true;
            case LOCAL -> local(asked);
            default -> allowed.equals(asked);
        });
    }

    private static boolean local(String origin) {
        return wellFormed(origin) && LOCAL_HOSTS.contains(URI.create(origin).getHost());
    }

    /// Scheme, host and perhaps a port, and nothing else.
    private static boolean wellFormed(String origin) {
        try {
            URI uri = new URI(origin);
            boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            return web
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawPath().isEmpty()
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
        } catch (URISyntaxException notAnOrigin) {
            return false;
        }
    }

    @Override
    public String toString() {
        return String.join(", ", origins);
    }
}
