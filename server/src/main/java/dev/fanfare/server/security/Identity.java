package dev.fanfare.server.security;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who a peer is. Immutable.
///
/// @param kind how that is known
/// @param name of the key or in the certificate, or the subject of the token; empty for [#ANONYMOUS]
/// @param role what it may do by it: `admin` may do everything; empty for none
/// @param claims what else a token or certificate says of it: texts, numbers, truth values and lists of them
/// @param expiresMillis when that is over, in milliseconds since 1970; [Long#MAX_VALUE] when it is not
/// @param proof the key's hash, the token or the certificates, by which it is found out again; empty for a stranger
public record Identity(
        Kind kind, String name, String role, Map<String, Object> claims, long expiresMillis, String proof) {

    /// The role that may do everything.
    public static final String ADMIN = "admin";

    private static final long LOOK_AGAIN_MILLIS = Duration.ofDays(1).toMillis();

    /// Somebody who shows nothing.
    public static final Identity ANONYMOUS = new Identity(Kind.ANONYMOUS, "", "", Map.of(), Long.MAX_VALUE, "");

    /// How it is known who somebody is.
    public enum Kind {
        /// It is not.
        ANONYMOUS,
        /// By an API key.
        API_KEY,
        /// By a token.
        TOKEN,
        /// By the certificate of its connection.
        CERTIFICATE
    }

    /// With a copy of the claims.
    public Identity {
        claims = Map.copyOf(claims);
    }

    /// When to look again whether it still counts: when its time is over, or before; null for one whose time is never
    /// over.
    ///
    /// @param nowMillis the time
    @Nullable
    Duration checkIn(long nowMillis) {
        if (expiresMillis == Long.MAX_VALUE) {
            return null;
        }
        return Duration.ofMillis(Math.clamp(expiresMillis - nowMillis, 0, LOOK_AGAIN_MILLIS));
    }

    /// Whether it may do everything.
    public boolean isAdmin() {
        return role.equals(ADMIN);
    }

    /// Whether a claim has this value, or is a list that holds it.
    public boolean claims(String name, String value) {
        return switch (claims.get(name)) {
            case List<?> several -> several.stream().anyMatch(one -> value.equals(String.valueOf(one)));
            case null -> false;
            case Object one -> value.equals(one.toString());
        };
    }

    /// For people: how it is known and what it is called.
    @Override
    public String toString() {
        return switch (kind) {
            case ANONYMOUS -> "anonymous";
            case API_KEY -> "key '" + name + "'";
            case TOKEN -> "'" + name + "'";
            case CERTIFICATE -> "certificate '" + name + "'";
        };
    }
}
