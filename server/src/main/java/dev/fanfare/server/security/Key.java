package dev.fanfare.server.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;

/// An API key as it is kept: its secret only as a hash. A secret is 256 random bits, so that a plain SHA-256 of it
/// can't be undone by guessing.
///
/// @param name what it is called, in files, logs and rules
/// @param role what whoever has it may do
/// @param sha256 of the secret, in lower case and hexadecimal
/// @param created when it was made
public record Key(String name, String role, String sha256, Instant created) {

    private static final String PREFIX = "ff_";
    private static final int SECRET_BYTES = 32;

    /// A new secret, to be told once.
    public static String newSecret() {
        byte[] random = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(random);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /// What is kept of a secret.
    public static String hash(String secret) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }

    /// Who somebody is that has it.
    Identity identity() {
        return new Identity(Identity.Kind.API_KEY, name, role, Map.of(), Long.MAX_VALUE, sha256);
    }
}
