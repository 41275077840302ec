package dev.fanfare.server.security;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a peer shows of itself. Its text says nothing of the secret, so that it may stand in a log.
public sealed interface Credentials {

    /// Nothing was shown.
    Credentials NONE = new None();

    /// What headers say: `X-API-Key`, or else `Authorization: Bearer`.
    ///
    /// @param apiKey the value of the first; null if there is none
    /// @param authorization the value of the second; null if there is none
    /// @throws Unauthorized when `Authorization` is of another kind
    static Credentials ofHeaders(@Nullable String apiKey, @Nullable String authorization) {
        if (apiKey != null) {
            return new ApiKey(apiKey.strip());
        }
        if (authorization == null) {
            return NONE;
        }
        String[] parts = authorization.strip().split("\\s+", 2);
        if (parts.length < 2 || !parts[0].equalsIgnoreCase("Bearer")) {
            throw new Unauthorized("the header Authorization must be 'Bearer' and a token; an API key goes into the"
                    + " header X-API-Key");
        }
        return new Token(parts[1]);
    }

    /// Nothing.
    record None() implements Credentials {}

    /// An API key.
    ///
    /// @param secret as it was given
    record ApiKey(String secret) implements Credentials {
        @Override
        public String toString() {
            return "an API key";
        }
    }

    /// The certificate of a connection, which the handshake of TLS has found to be the peer's own.
    ///
    /// @param chain that of the peer first
    record Certificate(List<X509Certificate> chain) implements Credentials {
        @Override
        public String toString() {
            return "a certificate";
        }
    }

    /// A token in the form of a JWT.
    ///
    /// @param text as it was given
    record Token(String text) implements Credentials {
        @Override
        public String toString() {
            return "a token";
        }
    }
}
