package dev.fanfare.server.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import dev.fanfare.server.LogLimit;
import dev.fanfare.time.Timers;
import java.text.ParseException;
import java.time.Duration;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads tokens: JWTs that are signed (RFC 7519) with a key that is known. A key is used only with the algorithms of
/// its kind, and `none` is no algorithm. Any thread that may wait.
@SuppressWarnings("JavaUtilDate") // the library's times
final class Tokens {

    /// By how much clocks may differ: so long a token counts beyond its time.
    static final Duration SKEW = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);

    private static final LogLimit LIMIT = new LogLimit(LOG);

    /// Those with a secret.
    private static final Set<JWSAlgorithm> SECRET = Set.of(JWSAlgorithm.HS256, JWSAlgorithm.HS384, JWSAlgorithm.HS512);

    /// Those with a public key.
    private static final Set<JWSAlgorithm> PUBLIC = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    private static final int TEXT_MAX = 16 * 1024;

    /// What a token must say.
    ///
    /// @param issuer exactly this, if it is there
    /// @param audience this among others, if it is there
    /// @param roleClaim where its role stands
    record Expected(Optional<String> issuer, Optional<String> audience, String roleClaim) {}

    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    private final String roleClaim;
    private final Timers timers;

    /// @param secrets whether there may be secrets among the keys: never among those that are published
    Tokens(JWKSource<SecurityContext> keys, boolean secrets, Expected expected, Timers timers) {
        this.roleClaim = expected.roleClaim;
        this.timers = timers;
        Set<JWSAlgorithm> algorithms = new HashSet<>(PUBLIC);
        if (secrets) {
            algorithms.addAll(SECRET);
        }
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, keys));
        processor.setJWSTypeVerifier((type, _) -> {
            // RFC 9068 names access tokens at+jwt; most issuers say JWT, or nothing.
        });
        JWTClaimsSet.Builder exact = new JWTClaimsSet.Builder();
        expected.issuer.ifPresent(exact::issuer);
        DefaultJWTClaimsVerifier<SecurityContext> verifier =
                new DefaultJWTClaimsVerifier<>(expected.audience.orElse(null), exact.build(), Set.of("sub", "exp")) {
                    @Override
                    protected Date currentTime() {
                        return new Date(timers.currentTimeMillis());
                    }
                };
        verifier.setMaxClockSkew((int) SKEW.toSeconds());
        processor.setJWTClaimsSetVerifier(verifier);
    }

    /// Who somebody is that has this token.
    ///
    /// @throws Unauthorized when it does not count
    Identity identity(String text) {
        if (text.length() > TEXT_MAX) {
            throw new Unauthorized("the token is longer than " + TEXT_MAX + " characters");
        }
        try {
            JWTClaimsSet claims = processor.process(text, null);
            String role = claims.getClaim(roleClaim) instanceof String told ? told : "";
            return new Identity(
                    Identity.Kind.TOKEN,
                    claims.getSubject(),
                    role,
                    simple(claims.getClaims()),
                    claims.getExpirationTime().getTime() + SKEW.toMillis(),
                    text);
        } catch (ExpiredJWTException expired) {
            throw new Unauthorized("the token has expired: get a new one");
        } catch (ParseException e) {
            throw new Unauthorized("the token is no signed JWT");
        } catch (KeySourceException away) {
            LIMIT.warn(timers.nanoTime(), "The keys of tokens can't be had: {}", away);
            throw new Unauthorized(
                    "the token can't be checked now, since the keys of its issuer can't be had; try again later");
        } catch (BadJOSEException | JOSEException refused) {
            LOG.debug("A token was refused", refused);
            throw new Unauthorized(
                    "the token does not count here: its key, issuer, audience, subject or times are not those expected");
        }
    }

    /// Of the claims, those that rules can ask for.
    private static Map<String, Object> simple(Map<String, Object> claims) {
        Map<String, Object> simple = new HashMap<>();
        claims.forEach((name, value) -> {
            switch (value) {
                case String text -> simple.put(name, text);
                case Number number -> simple.put(name, number);
                case Boolean flag -> simple.put(name, flag);
                case List<?> several ->
                    simple.put(
                            name,
                            several.stream()
                                    .filter(one -> one instanceof String || one instanceof Number)
                                    .toList());
                case null, default -> {}
            }
        });
        return simple;
    }
}
