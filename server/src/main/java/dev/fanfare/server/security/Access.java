package dev.fanfare.server.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.time.Timers;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who may come in and what they may do. Any thread.
public final class Access implements AutoCloseable {

    /// So many tokens are remembered that were checked, for so long at most: an address may withdraw its key.
    private static final int TOKENS_MAX = 10_000;

    private static final Duration TOKENS_FOR = Duration.ofMinutes(5);

    /// So many tokens are checked at a time, and so many may wait for that.
    private static final int CHECKING = 4;

    private static final int TO_CHECK_MAX = 1_000;

    private static final Duration NEXT_TURN = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Access.class);

    private static final String HOW = "send an API key in the header X-API-Key, or a token as 'Authorization: Bearer'";

    private final Timers timers;
    private final Runnable changed;
    private final boolean guarded;
    private final @Nullable Watched<Map<String, Key>> keys;
    private final @Nullable Watched<JWKSet> tokenKeys;
    private final @Nullable Watched<Rules> rules;
    private final @Nullable Tokens tokens;
    private final @Nullable Tls tls;
    private final Audit audit;
    private final Cache<String, Identity> checked;

    /// How often the keys of tokens, or those who vouch for certificates, have become others.
    private final AtomicInteger keysChanged = new AtomicInteger();

    private final ExecutorService checking;

    /// Reads what the configuration names.
    ///
    /// @param now what the server runs with now
    /// @param changed runs when keys, tokens' keys or rules are others; on a thread that may wait
    /// @throws dev.fanfare.server.SettingException when a file can't be had, or something in it is wrong
    public Access(Supplier<ServerConfig.Security> now, Timers timers, Runnable changed) {
        ServerConfig.Security config = now.get();
        this.timers = timers;
        this.audit = new Audit(config.auditLog().orElse(null), () -> now.get().auditLogSize(), timers);
        this.changed = changed;
        this.guarded = config.isGuarded();
        this.checked = Caffeine.newBuilder()
                .maximumSize(TOKENS_MAX)
                .expireAfterWrite(TOKENS_FOR)
                .ticker(timers::nanoTime)
                .build();
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                CHECKING,
                CHECKING,
                1,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(TO_CHECK_MAX),
                Thread.ofVirtual().name("fanfare-token-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        this.checking = threads;
        this.keys = config.keys()
                .map(file -> new Watched<>(file, Access::byHash, Access::byHash, timers, changed, audit))
                .orElse(null);
        this.rules = config.rules()
                .map(file -> new Watched<>(file, Rules::read, Rules::readAnew, timers, changed, audit))
                .orElse(null);
        this.tls = config.tls()
                .map(files -> new Tls(files, timers, this::forgetTokens, audit))
                .orElse(null);
        Tokens.Expected expected =
                new Tokens.Expected(config.tokenIssuer(), config.tokenAudience(), config.tokenRole());
        // Not a switch over the kinds: the JVM makes code for each of those when it is first come upon, while all wait.
        ServerConfig.TokenKeys where = config.tokenKeys().orElse(null);
        if (where instanceof ServerConfig.TokenKeys.In(Path file)) {
            Watched<JWKSet> watched =
                    new Watched<>(file, TokenKeys::read, TokenKeys::read, timers, this::forgetTokens, audit);
            JWKSource<SecurityContext> source = (selector, _) -> selector.select(watched.value());
            this.tokenKeys = watched;
            this.tokens = new Tokens(source, true, expected, timers);
        } else {
            this.tokenKeys = null;
            this.tokens = where instanceof ServerConfig.TokenKeys.At(URI address)
                    ? new Tokens(TokenKeys.published(address, timers), false, expected, timers)
                    : null;
        }
    }

    private static Map<String, Key> byHash(Path file) {
        Map<String, Key> byHash = new HashMap<>();
        new KeyFile(file).read().forEach(key -> byHash.put(key.sha256(), key));
        return byHash;
    }

    private void forgetTokens() {
        keysChanged.incrementAndGet();
        checked.invalidateAll();
        changed.run();
    }

    /// Where it is written who did and was refused what.
    public Audit audit() {
        return audit;
    }

    /// What connections are encrypted with; null when they are not.
    public @Nullable Tls tls() {
        return tls;
    }

    /// Whether anything is asked of whoever comes.
    public boolean isGuarded() {
        return guarded;
    }

    /// Who somebody is, as far as that can be said without waiting.
    ///
    /// @return null when [#verify] has to be asked, by a thread that may wait
    /// @throws Unauthorized when it may not come in
    public @Nullable Identity known(Credentials credentials) {
        if (!guarded) {
            return Identity.ANONYMOUS;
        }
        return switch (credentials) {
            case Credentials.None _ -> anonymous();
            case Credentials.ApiKey(String secret) -> byKey(Key.hash(secret));
            case Credentials.Certificate(List<X509Certificate> chain) -> byCertificate(chain);
            case Credentials.Token(String text) -> {
                if (tokens == null) {
                    throw new Unauthorized("tokens are not taken here; " + HOW);
                }
                Identity before = checked.getIfPresent(Key.hash(text));
                yield before == null || isOver(before) ? null : before;
            }
        };
    }

    /// Who somebody is. Checking a signature takes long, and asking an address for its keys longer.
    ///
    /// @throws Unauthorized when it may not come in
    public Identity verify(Credentials credentials) {
        Identity known = known(credentials);
        if (known != null || !(credentials instanceof Credentials.Token(String text)) || tokens == null) {
            return known == null ? anonymous() : known;
        }
        int before = keysChanged.get();
        Identity identity = tokens.identity(text);
        String hash = Key.hash(text);
        checked.put(hash, identity);
        if (keysChanged.get() != before) {
            checked.invalidate(hash); // it may have been checked with keys that are none any more
        }
        return identity;
    }

    /// Runs what calls [#verify], on a thread that may wait. It takes its turn with other tokens, and with nothing
    /// else.
    ///
    /// @throws RejectedExecutionException when too many wait, or after [#close]
    public void whenItsTurn(Runnable check) {
        checking.execute(check);
    }

    /// Has the token of somebody who is in checked anew, when its keys may be others than those it was checked with.
    ///
    /// @param gone runs when it does not count any more; on a thread that may wait
    public void verifyAgain(Identity before, Consumer<Unauthorized> gone) {
        if (before.kind() != Identity.Kind.TOKEN || checked.getIfPresent(Key.hash(before.proof())) != null) {
            return;
        }
        try {
            checking.execute(() -> {
                try {
                    verify(new Credentials.Token(before.proof()));
                } catch (Unauthorized refused) {
                    gone.accept(refused);
                } catch (RuntimeException | Error failed) {
                    LOG.error("A token could not be checked: a bug", failed);
                    gone.accept(new Unauthorized("the token can't be checked"));
                }
            });
        } catch (RejectedExecutionException full) {
            if (!checking.isShutdown()) {
                timers.schedule(NEXT_TURN, () -> verifyAgain(before, gone));
            }
        }
    }

    /// When to look again whether somebody may still be in; null for one to whom nothing happens by itself.
    public @Nullable Duration checkIn(Identity who) {
        Duration next = who.checkIn(timers.currentTimeMillis());
        boolean published = who.kind() == Identity.Kind.TOKEN && tokenKeys == null;
        return published && next != null && next.compareTo(TOKENS_FOR) > 0 ? TOKENS_FOR : next;
    }

    private Identity anonymous() {
        if (rules == null || !rules.value().admitAnonymous()) {
            throw new Unauthorized("nobody comes in without showing who it is: " + HOW);
        }
        return Identity.ANONYMOUS;
    }

    private Identity byKey(String hash) {
        Key key = keys == null ? null : keys.value().get(hash);
        if (key == null) {
            throw new Unauthorized(
                    keys == null ? "API keys are not taken here; " + HOW : "the API key is not known here");
        }
        return key.identity();
    }

    private Identity byCertificate(List<X509Certificate> chain) {
        if (tls == null || !tls.asksClients()) {
            return anonymous();
        }
        Identity identity = tls.identity(chain);
        if (isOver(identity)) {
            throw new Unauthorized("the certificate has expired");
        }
        return identity;
    }

    private boolean isOver(Identity identity) {
        return identity.expiresMillis() <= timers.currentTimeMillis();
    }

    /// Who somebody is now that came in before.
    ///
    /// @throws Unauthorized when its time is over, or its key has been revoked
    public Identity again(Identity before) {
        return switch (before.kind()) {
            case ANONYMOUS -> guarded ? anonymous() : before;
            case API_KEY -> {
                try {
                    yield byKey(before.proof());
                } catch (Unauthorized gone) {
                    throw new Unauthorized("the API key '" + before.name() + "' has been revoked");
                }
            }
            case CERTIFICATE -> byCertificate(ClientCertificate.chain(before));
            case TOKEN -> {
                if (isOver(before)) {
                    throw new Unauthorized("the token has expired");
                }
                yield before;
            }
        };
    }

    /// What somebody may do now.
    ///
    /// @param clientId what its connection calls itself; null when it does not
    public Rights rights(Identity identity, @Nullable String clientId) {
        return rules == null ? Rights.ALL : rules.value().rights(identity, clientId);
    }

    /// Nothing is watched or checked any more.
    @Override
    public void close() {
        checking.shutdown();
        for (Watched<?> watched : new Watched<?>[] {keys, tokenKeys, rules}) {
            if (watched != null) {
                watched.close();
            }
        }
        if (tls != null) {
            tls.close();
        }
        audit.close();
    }
}
