package dev.fanfare.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.SettingException;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Key;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Keys, tokens and rules, and what becomes of them when their files change.
@SuppressWarnings("JavaUtilDate") // the library's times
class AccessTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path folder;

    private final VirtualTimers timers = new VirtualTimers();
    private final Semaphore changes = new Semaphore(0);
    private Access access = new Access(AccessTest::config, timers, changes::release);

    private static ServerConfig.Security config(String... settings) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return ServerConfig.of(all).security();
    }

    private void open(String... settings) {
        access.close();
        access = new Access(() -> config(settings), timers, changes::release);
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        return file;
    }

    /// Lets the time pass after which a changed file counts.
    private void changed() throws InterruptedException {
        boolean told = false;
        for (int second = 0; !told && second < 1_000; second++) {
            // It is read on a thread of its own, which only then has the clock call again.
            timers.advance(Duration.ofSeconds(1));
            told = changes.tryAcquire(20, TimeUnit.MILLISECONDS);
        }
        assertThat(told).isTrue();
    }

    @AfterEach
    void close() {
        access.close();
    }

    private static Credentials key(String secret) {
        return new Credentials.ApiKey(secret);
    }

    private void refused(Credentials credentials, String why) {
        assertThatThrownBy(() -> access.verify(credentials))
                .isInstanceOf(Unauthorized.class)
                .hasMessageContaining(why);
    }

    // ---- keys

    @Test
    void whereNothingIsConfiguredEverybodyComesIn() {
        assertThat(access.isGuarded()).isFalse();
        assertThat(access.known(Credentials.NONE)).isEqualTo(Identity.ANONYMOUS);
        assertThat(access.known(key("whatever"))).isEqualTo(Identity.ANONYMOUS);
        assertThat(access.rights(Identity.ANONYMOUS, null).isAll()).isTrue();
    }

    @Test
    void aKeyIsMadeFoundRotatedAndRevokedWhileItIsUsed() throws Exception {
        Path file = folder.resolve("keys.yaml");
        KeyFile keys = new KeyFile(file);
        String secret = keys.create("web", "admin", Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(Files.readString(file)).doesNotContain(secret).contains("web");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        open("keys", file.toString());
        Identity web = access.verify(key(secret));
        assertThat(web.name()).isEqualTo("web");
        assertThat(web.isAdmin()).isTrue();
        refused(key(secret + "x"), "is not known here");
        refused(key(""), "is not known here");
        refused(Credentials.NONE, "X-API-Key");
        refused(new Credentials.Token("a.b.c"), "tokens are not taken here");

        String second = keys.create("batch", "reader", Instant.now());
        changed();
        assertThat(access.verify(key(second)).role()).isEqualTo("reader");
        keys.revoke("web");
        changed();
        refused(key(secret), "is not known here");
        assertThatThrownBy(() -> access.again(web))
                .isInstanceOf(Unauthorized.class)
                .hasMessageContaining("has been revoked");
        assertThat(access.again(access.verify(key(second))).name()).isEqualTo("batch");
    }

    @Test
    void aFileThatIsWrongOrGoneChangesNothing() throws Exception {
        Path file = folder.resolve("keys.yaml");
        String secret = new KeyFile(file).create("web", "admin", Instant.now());
        open("keys", file.toString());
        String good = Files.readString(file);
        Files.writeString(file, "nonsense");
        timers.advance(Duration.ofSeconds(5));
        assertThat(access.verify(key(secret)).name()).isEqualTo("web");
        Files.delete(file);
        timers.advance(Duration.ofSeconds(5));
        assertThat(access.verify(key(secret)).name()).isEqualTo("web");
        Files.writeString(file, good + "\n# again\n");
        changed();
        assertThat(access.verify(key(secret)).name()).isEqualTo("web");
    }

    @Test
    void whatGoesWrongWithAChangeIsTriedAgain() throws Exception {
        Path file = folder.resolve("keys.yaml");
        KeyFile keys = new KeyFile(file);
        keys.create("web", "admin", Instant.now());
        access.close();
        AtomicInteger calls = new AtomicInteger();
        access = new Access(() -> config("keys", file.toString()), timers, () -> {
            if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("broken");
            }
            changes.release();
        });
        String second = keys.create("batch", "reader", Instant.now());
        changed();
        assertThat(calls).hasValue(2);
        assertThat(access.verify(key(second)).name()).isEqualTo("batch");
    }

    @Test
    void withoutTheLastKeyNobodyComesIn() throws Exception {
        Path file = folder.resolve("keys.yaml");
        KeyFile keys = new KeyFile(file);
        String secret = keys.create("web", "admin", Instant.now());
        open("keys", file.toString());
        keys.revoke("web");
        changed();
        refused(key(secret), "is not known here");
    }

    @Test
    void rulesThatAreEmptiedGoOn() throws Exception {
        Path file = write("rules", "- {who: anonymous, may: publish, topics: a}\n");
        open("rules", file.toString());
        write("rules", "");
        timers.advance(Duration.ofSeconds(5));
        assertThat(access.rights(Identity.ANONYMOUS, null).may(Operation.PUBLISH, "a"))
                .isTrue();
        write("rules", "- {who: anonymous, may: publish, topics: b}\n");
        changed();
        assertThat(access.rights(Identity.ANONYMOUS, null).may(Operation.PUBLISH, "a"))
                .isFalse();
    }

    @Test
    void namesAreTakenOnceAndHaveTheirShape() {
        KeyFile keys = new KeyFile(folder.resolve("keys.yaml"));
        keys.create("web", "admin", Instant.now());
        assertThatThrownBy(() -> keys.create("web", "admin", Instant.now())).hasMessageContaining("already");
        assertThatThrownBy(() -> keys.create("a\nb", "admin", Instant.now())).hasMessageContaining("letters");
        assertThatThrownBy(() -> keys.create("b", "", Instant.now())).hasMessageContaining("letters");
        assertThatThrownBy(() -> keys.revoke("nobody")).hasMessageContaining("there is no key 'nobody'");
    }

    @Test
    void aFileOfKeysSaysWhatIsWrongAndWhere() throws Exception {
        String key = "- {name: a, role: admin, sha256: \"" + "0".repeat(64) + "\", created: 2026-01-01T00:00:00Z}\n";
        Path file = write("k", key + key);
        assertThatThrownBy(() -> open("keys", file.toString()))
                .hasMessageContaining("line 2")
                .hasMessageContaining("second key 'a'");
        for (String wrong : List.of("name: a", "sha256: zz", "role: \"\"", "created: yesterday")) {
            String member = wrong.substring(0, wrong.indexOf(':'));
            String text = member.equals("name")
                    ? key.replace("name: a", "name: \"\"")
                    : key.replaceAll(member + ": (\"[0-9]*\"|[^,}]*)", wrong);
            write("k", text);
            assertThatThrownBy(() -> open("keys", file.toString()))
                    .as(text)
                    .isInstanceOf(SettingException.class)
                    .hasMessageContaining(member);
        }
        assertThatThrownBy(() -> open("keys", folder.resolve("none").toString()))
                .hasMessageContaining("does not exist");
    }

    // ---- tokens

    private JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .subject("ann")
                .claim("role", "writer")
                .claim("team", List.of("red", "blue"))
                .expirationTime(new Date(timers.currentTimeMillis() + 60_000));
    }

    private static Credentials token(JWSAlgorithm algorithm, JWSSigner signer, JWTClaimsSet claims)
            throws JOSEException {
        SignedJWT jwt = new SignedJWT(new JWSHeader(algorithm), claims);
        jwt.sign(signer);
        return new Credentials.Token(jwt.serialize());
    }

    private static Credentials hmac(JWTClaimsSet claims) throws JOSEException {
        return token(JWSAlgorithm.HS256, new MACSigner(SECRET), claims);
    }

    @Test
    void aTokenSaysWhoWhatAndForHowLong() throws Exception {
        open("token-keys", write("secret", "secret: " + SECRET + "\n").toString());
        Credentials token = hmac(claims().build());
        assertThat(access.known(token)).isNull();
        Identity ann = access.verify(token);
        assertThat(ann.name()).isEqualTo("ann");
        assertThat(ann.role()).isEqualTo("writer");
        assertThat(ann.claims("team", "blue")).isTrue();
        assertThat(ann.claims("team", "green")).isFalse();
        assertThat(access.known(token)).isEqualTo(ann);
        timers.advance(Duration.ofSeconds(89));
        assertThat(access.again(ann)).isEqualTo(ann);
        timers.advance(Duration.ofSeconds(1));
        assertThatThrownBy(() -> access.again(ann)).hasMessageContaining("has expired");
        refused(token, "has expired");
        refused(key("x"), "API keys are not taken here");
    }

    @Test
    void aTokenThatDoesNotCountIsRefused() throws Exception {
        open(
                "token-keys", write("secret", "secret: " + SECRET).toString(),
                "token-issuer", "https://issuer",
                "token-audience", "fanfare",
                "token-role", "https://claims/role");
        JWTClaimsSet good = claims().issuer("https://issuer")
                .audience(List.of("other", "fanfare"))
                .claim("https://claims/role", "admin")
                .build();
        assertThat(access.verify(hmac(good)).isAdmin()).isTrue();
        String why = "does not count here";
        refused(hmac(new JWTClaimsSet.Builder(good).issuer("https://other").build()), why);
        refused(hmac(new JWTClaimsSet.Builder(good).audience("other").build()), why);
        refused(hmac(new JWTClaimsSet.Builder(good).subject(null).build()), why);
        refused(hmac(new JWTClaimsSet.Builder(good).expirationTime(null).build()), why);
        refused(
                hmac(new JWTClaimsSet.Builder(good)
                        .notBeforeTime(new Date(timers.currentTimeMillis() + 120_000))
                        .build()),
                why);
        refused(token(JWSAlgorithm.HS256, new MACSigner("x".repeat(32)), good), why);
        refused(new Credentials.Token(new PlainJWT(good).serialize()), why);
        refused(new Credentials.Token("nonsense"), "no signed JWT");
        refused(new Credentials.Token("x".repeat(20_000)), "longer than");
        String signed = ((Credentials.Token) hmac(good)).text();
        String[] parts = signed.split("\\.", -1);
        String other = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(new JWTClaimsSet.Builder(good)
                        .subject("eve")
                        .build()
                        .toString()
                        .getBytes(StandardCharsets.UTF_8));
        refused(new Credentials.Token(parts[0] + "." + other + "." + parts[2]), why);
    }

    private static String pem(Key key) {
        return "-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder().encodeToString(key.getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    @Test
    void publicKeysInPemCheckWhatTheirPrivateOnesSigned() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).generate();
        ECKey ec = new ECKeyGenerator(Curve.P_256).generate();
        Path file = write("keys.pem", pem(rsa.toRSAPublicKey()) + pem(ec.toECPublicKey()));
        open("token-keys", file.toString());
        JWTClaimsSet claims = claims().build();
        assertThat(access.verify(token(JWSAlgorithm.RS256, new RSASSASigner(rsa), claims))
                        .name())
                .isEqualTo("ann");
        assertThat(access.verify(token(JWSAlgorithm.PS512, new RSASSASigner(rsa), claims))
                        .name())
                .isEqualTo("ann");
        assertThat(access.verify(token(JWSAlgorithm.ES256, new ECDSASigner(ec), claims))
                        .name())
                .isEqualTo("ann");
        // A public key is no secret: what is signed with it as if it were one does not count.
        refused(token(JWSAlgorithm.HS256, new MACSigner(rsa.toRSAPublicKey().getEncoded()), claims), "does not count");
        refused(token(JWSAlgorithm.HS256, new MACSigner(Files.readAllBytes(file)), claims), "does not count");
        RSAKey stranger = new RSAKeyGenerator(2048).generate();
        refused(token(JWSAlgorithm.RS256, new RSASSASigner(stranger), claims), "does not count");
    }

    @Test
    void tokensOfAKeyThatWasReplacedDoNotCountAnyMore() throws Exception {
        Path file = write("secret", "secret: " + SECRET);
        open("token-keys", file.toString());
        Credentials token = hmac(claims().build());
        assertThat(access.verify(token).name()).isEqualTo("ann");
        write("secret", "secret: another secret, and one that is long enough");
        changed();
        refused(token, "does not count");
    }

    @Test
    void whoCameInWithAKeyThatWasReplacedIsFoundOut() throws Exception {
        Path file = write("secret", "secret: " + SECRET);
        open("token-keys", file.toString());
        Identity ann = access.verify(hmac(claims().build()));
        BlockingQueue<String> gone = new LinkedBlockingQueue<>();
        access.verifyAgain(ann, refused -> gone.add(refused.reason()));
        write("secret", "secret: another secret, and one that is long enough");
        changed();
        assertThat(access.again(ann)).isEqualTo(ann);
        access.verifyAgain(ann, refused -> gone.add(refused.reason()));
        assertThat(gone.take()).contains("does not count");
    }

    @Test
    void onlySoManyTokensWaitToBeChecked() {
        CountDownLatch go = new CountDownLatch(1);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        access.whenItsTurn(() -> {
                            try {
                                go.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
                    }
                })
                .isInstanceOf(RejectedExecutionException.class);
        go.countDown();
    }

    @Test
    void keysMayBeAskedForAtAnAddress() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("one").generate();
        HttpServer issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        OctetSequenceKey secret = new OctetSequenceKey.Builder(SECRET.getBytes(StandardCharsets.UTF_8)).build();
        byte[] published =
                new JWKSet(List.of(rsa.toPublicJWK(), secret)).toString(false).getBytes(StandardCharsets.UTF_8);
        issuer.createContext("/keys", exchange -> {
            exchange.sendResponseHeaders(200, published.length);
            exchange.getResponseBody().write(published);
            exchange.close();
        });
        issuer.start();
        try {
            open("token-keys", "http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
            JWTClaimsSet claims = claims().expirationTime(new Date(
                            timers.currentTimeMillis() + Duration.ofHours(1).toMillis()))
                    .build();
            Credentials token = token(JWSAlgorithm.RS256, new RSASSASigner(rsa), claims);
            Identity ann = access.verify(token);
            assertThat(ann.name()).isEqualTo("ann");
            assertThat(access.checkIn(ann)).isEqualTo(Duration.ofMinutes(5));
            // What an address publishes is no secret.
            refused(hmac(claims), "does not count");
            issuer.stop(0);
            assertThat(access.verify(token).name()).isEqualTo("ann");
            open("token-keys", "http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys");
            refused(token, "can't be had");
        } finally {
            issuer.stop(0);
        }
    }

    @Test
    void keysThatCanBeGuessedOrOverheardAreRefused() throws Exception {
        assertThatThrownBy(
                        () -> open("token-keys", write("s", "secret: too short").toString()))
                .hasMessageContaining("guessed");
        for (String unknown : List.of(
                SECRET,
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 somebody@somewhere",
                "secret: " + SECRET + "\n" + SECRET)) {
            assertThatThrownBy(() -> open("token-keys", write("s", unknown).toString()))
                    .as(unknown)
                    .hasMessageContaining("nor one line 'secret: …'");
        }
        assertThatThrownBy(() -> open("token-keys", "http://example.com/keys")).hasMessageContaining("https");
        assertThatThrownBy(() -> open("token-keys", write("j", "{\"keys\":[]}").toString()))
                .hasMessageContaining("no keys");
        assertThatThrownBy(() -> open(
                        "token-keys",
                        write("p", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
                                .toString()))
                .hasMessageContaining("not for here");
        assertThatThrownBy(() -> open("token-keys", folder.resolve("none").toString()))
                .hasMessageContaining("can't be read");
    }

    @Test
    void headersSayOneThingOrTheOther() {
        assertThat(Credentials.ofHeaders(null, null)).isEqualTo(Credentials.NONE);
        assertThat(Credentials.ofHeaders(" k ", "Bearer t")).isEqualTo(new Credentials.ApiKey("k"));
        assertThat(Credentials.ofHeaders(null, "bearer  t")).isEqualTo(new Credentials.Token("t"));
        assertThatThrownBy(() -> Credentials.ofHeaders(null, "Basic abc")).isInstanceOf(Unauthorized.class);
        assertThat(new Credentials.ApiKey("secret").toString() + new Credentials.Token("secret"))
                .doesNotContain("secret");
    }
}
