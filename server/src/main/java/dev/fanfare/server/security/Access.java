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
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who may come in and what they may do. Any thread.
public final class Access implements AutoCloseable {

    /// So many tokens are remembered that were checked, for so long at most: an address may withdraw its key.
    private static final int TOKENS_MAX = 10_000;

    private static final Duration TOKENS_FOR = Duration.ofMinutes(5);

    private static final String HOW = "send an API key in the header X-API-Key, or a token as 'Authorization: Bearer'";

    private final Timers timers;
    private final Runnable changed;
    private final boolean guarded;
    private final @Nullable Watched<Map<String, Key>> keys;
    private final @Nullable Watched<JWKSet> tokenKeys;
    private final @Nullable Watched<Rules> rules;
    private final @Nullable Tokens tokens;
    private final Cache<String, Identity> checked = Caffeine.newBuilder()
            .maximumSize(TOKENS_MAX)
            .expireAfterWrite(TOKENS_FOR)
            .build();

    /// Reads what the configuration names.
    ///
    /// @param changed runs when keys, tokens' keys or rules are others; on a thread that may wait
    /// @throws dev.fanfare.server.SettingException when a file can't be had, or something in it is wrong
    public Access(ServerConfig.Security config, Timers timers, Runnable changed) {
        this.timers = timers;
        this.changed = changed;
        this.guarded = config.isGuarded();
        this.keys = config.keys()
                .map(file -> new Watched<>(file, Access::byHash, timers, changed))
                .orElse(null);
        this.rules = config.rules()
                .map(file -> new Watched<>(file, Rules::read, timers, changed))
                .orElse(null);
        ServerConfig.TokenKeys where = config.tokenKeys().orElse(null);
        Tokens.Expected expected =
                new Tokens.Expected(config.tokenIssuer(), config.tokenAudience(), config.tokenRole());
        switch (where) {
            case null -> {
                this.tokenKeys = null;
                this.tokens = null;
            }
            case ServerConfig.TokenKeys.At(URI address) -> {
                this.tokenKeys = null;
                this.tokens = new Tokens(TokenKeys.published(address), expected, timers);
            }
            case ServerConfig.TokenKeys.In(Path file) -> {
                Watched<JWKSet> watched = new Watched<>(file, TokenKeys::read, timers, this::forgetTokens);
                JWKSource<SecurityContext> source = (selector, _) -> selector.select(watched.value());
                this.tokenKeys = watched;
                this.tokens = new Tokens(source, expected, timers);
            }
        }
    }

    private static Map<String, Key> byHash(Path file) {
        Map<String, Key> byHash = new HashMap<>();
        new KeyFile(file).read().forEach(key -> byHash.put(key.sha256(), key));
        return byHash;
    }

    private void forgetTokens() {
        checked.invalidateAll();
        changed.run();
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
        Identity identity = tokens.identity(text);
        checked.put(Key.hash(text), identity);
        return identity;
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

    /// Nothing is watched any more.
    @Override
    public void close() {
        for (Watched<?> watched : new Watched<?>[] {keys, tokenKeys, rules}) {
            if (watched != null) {
                watched.close();
            }
        }
    }
}
