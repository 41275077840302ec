package dev.fanfare.server.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSetBasedJWKSource;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import dev.fanfare.server.SettingException;
import dev.fanfare.time.Timers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where the keys of tokens come from: a file, or an address that publishes a set of them (RFC 7517).
final class TokenKeys {

    private static final long FILE_MAX = 1 << 20;
    private static final int SECRET_BYTES_MIN = 32;
    private static final int RSA_BITS_MIN = 2048;
    private static final int TIMEOUT_MILLIS = 5_000;
    private static final int ANSWER_MAX = 1 << 20;
    private static final Duration OUTAGE = Duration.ofHours(4);
    private static final Pattern SECRET = Pattern.compile("secret:[ \\t]*(\\S.*)");
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private TokenKeys() {}

    /// The keys that an address publishes. They are asked for when one is needed that is not known, kept for minutes,
    /// and outlive four hours without an answer.
    ///
    /// @throws SettingException when it is no address that can be trusted
    static JWKSource<SecurityContext> published(URI address, Timers timers) {
        String host = String.valueOf(address.getHost());
        boolean local = host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
        if (!"https".equals(address.getScheme()) && !(local && "http".equals(address.getScheme()))) {
            throw new SettingException("the keys of tokens must come from an https address, not from " + address);
        }
        try {
            JWKSource<SecurityContext> source = JWKSourceBuilder.create(
                            address.toURL(), new DefaultResourceRetriever(TIMEOUT_MILLIS, TIMEOUT_MILLIS, ANSWER_MAX))
                    .retrying(true)
                    .outageTolerant(OUTAGE.toMillis())
                    .build();
            return onClock(((JWKSetBasedJWKSource<SecurityContext>) source).getJWKSetSource(), timers);
        } catch (MalformedURLException | IllegalArgumentException wrong) {
            throw new SettingException("the keys of tokens can't come from " + address + ": " + wrong.getMessage());
        }
    }

    /// Asks for the keys as the library does, by the broker's clock.
    private static JWKSource<SecurityContext> onClock(JWKSetSource<SecurityContext> source, Timers timers) {
        return (selector, context) -> {
            long now = timers.currentTimeMillis();
            JWKSet kept = source.getJWKSet(JWKSetCacheRefreshEvaluator.noRefresh(), now, context);
            List<JWK> keys = selector.select(kept);
            return keys.isEmpty()
                    ? selector.select(
                            source.getJWKSet(JWKSetCacheRefreshEvaluator.referenceComparison(kept), now, context))
                    : keys;
        };
    }

    /// What a file holds: a set of keys in JSON, public keys or certificates in PEM, or a line `secret: …`. Nothing
    /// else counts as a secret, since it may be a public key in a form that is not known here.
    ///
    /// @throws SettingException when it can't be read, or is none of that
    static JWKSet read(Path file) {
        String text;
        try {
            if (Files.size(file) > FILE_MAX) {
                throw new SettingException("the keys of tokens in " + file + " are more than " + FILE_MAX + " bytes");
            }
            text = Files.readString(file).strip();
        } catch (IOException e) {
            throw new SettingException("the keys of tokens in " + file + " can't be read: " + e);
        }
        try {
            List<JWK> keys = text.startsWith("{")
                    ? JWKSet.parse(text).getKeys()
                    : text.contains("-----BEGIN ") ? pem(text) : List.of(secret(text, file));
            if (keys.isEmpty()) {
                throw new SettingException("there are no keys in " + file);
            }
            for (JWK key : keys) {
                check(key, file);
            }
            return new JWKSet(keys);
        } catch (ParseException | GeneralSecurityException | JOSEException | IllegalArgumentException wrong) {
            throw new SettingException("the keys of tokens in " + file
                    + " are neither a JWK set nor public keys or certificates in PEM: " + wrong.getMessage());
        }
    }

    private static void check(JWK key, Path file) throws JOSEException {
        if (key instanceof OctetSequenceKey secret && secret.size() < SECRET_BYTES_MIN * 8) {
            throw new SettingException("the secret of tokens in " + file + " must have at least " + SECRET_BYTES_MIN
                    + " bytes, or it can be guessed");
        }
        if (key instanceof RSAKey rsa && rsa.size() < RSA_BITS_MIN) {
            throw new SettingException("an RSA key in " + file + " has less than " + RSA_BITS_MIN + " bits");
        }
    }

    private static JWK secret(String text, Path file) {
        Matcher line = SECRET.matcher(text);
        if (!line.matches()) {
            throw new SettingException("the keys of tokens in " + file
                    + " are neither a JWK set nor public keys or certificates in PEM nor one line 'secret: …'");
        }
        return new OctetSequenceKey.Builder(line.group(1).getBytes(StandardCharsets.UTF_8)).build();
    }

    private static List<JWK> pem(String text) throws GeneralSecurityException, JOSEException {
        List<JWK> keys = new ArrayList<>();
        Matcher block = PEM.matcher(text);
        while (block.find()) {
            byte[] bytes = Base64.getMimeDecoder().decode(block.group(2));
            switch (block.group(1)) {
                case "PUBLIC KEY" -> keys.add(jwk(publicKey(bytes)));
                case "CERTIFICATE" ->
                    keys.add(jwk(CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(bytes))
                            .getPublicKey()));
                default -> throw new GeneralSecurityException("'" + block.group(1) + "' is not for here");
            }
        }
        return keys;
    }

    private static PublicKey publicKey(byte[] bytes) throws GeneralSecurityException {
        X509EncodedKeySpec spec = new X509EncodedKeySpec(bytes);
        try {
            return KeyFactory.getInstance("RSA").generatePublic(spec);
        } catch (GeneralSecurityException notRsa) {
            return KeyFactory.getInstance("EC").generatePublic(spec);
        }
    }

    private static JWK jwk(PublicKey key) throws GeneralSecurityException, JOSEException {
        return switch (key) {
            case RSAPublicKey rsa -> new RSAKey.Builder(rsa).build();
            case ECPublicKey ec -> new ECKey.Builder(Curve.forECParameterSpec(ec.getParams()), ec).build();
            default -> throw new GeneralSecurityException(key.getAlgorithm() + " keys are not for here");
        };
    }
}
