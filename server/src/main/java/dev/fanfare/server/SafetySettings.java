package dev.fanfare.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The part of the table of settings that says who may come in, how connections are encrypted, and how much one client
/// may take.
public final class SafetySettings {

    private static final List<Setting<?>> TABLE = new ArrayList<>();
    private static final String DOOR =
            "what is asked at the door is decided once, so that a slip in a file read anew opens it to nobody";
    private static final Pattern TEXT = Pattern.compile(".{1,1000}");

    /// The file of API keys.
    public static final Setting<Optional<Path>> KEYS = file(
                    "keys",
                    "The file of API keys that may come in, made by `fanfare keys create`. With it, or with `token-keys` or"
                            + " `rules`, nobody comes in without showing who it is. A changed file counts within 5 s.")
            .atStart(DOOR);

    /// What signs tokens.
    public static final Setting<Optional<ServerConfig.TokenKeys>> TOKEN_KEYS = setting(
                    "token-keys",
                    SettingType.fileOrAddress().or("none", "", Optional.<ServerConfig.TokenKeys>empty(), Optional::of),
                    "none",
                    "What tokens (JWT) are signed with that may come in: a file with a JWK set, with public keys or"
                            + " certificates in PEM, or with one line `secret: …` of at least 32 bytes; or the https address"
                            + " of a JWK set. A changed file counts within 5 s.")
            .atStart(DOOR);

    /// Who makes tokens.
    public static final Setting<Optional<String>> TOKEN_ISSUER =
            anyText("token-issuer", "What a token's `iss` must be.").atStart(DOOR);

    /// Whom tokens are for.
    public static final Setting<Optional<String>> TOKEN_AUDIENCE =
            anyText("token-audience", "What a token's `aud` must be or hold.").atStart(DOOR);

    /// Where a token says its role.
    public static final Setting<String> TOKEN_ROLE = setting(
                    "token-role",
                    SettingType.text("a text", TEXT),
                    "role",
                    "The claim of a token that says its role; the role `admin` may do everything.")
            .atStart(DOOR);

    /// Who may do what.
    public static final Setting<Optional<Path>> RULES = file(
                    "rules",
                    "The file of rules: who may do what with which topics. What no rule allows is refused; without such a"
                            + " file, whoever comes in may do everything. A changed file counts within 5 s, also for who is"
                            + " connected; one that was emptied does not.")
            .atStart(DOOR);

    /// The server's certificate.
    public static final Setting<Optional<Path>> TLS_CERTIFICATE = file(
                    "tls-certificate",
                    "The file of the server's certificate in PEM, followed by those that vouch for it. With it every listener"
                            + " speaks TLS 1.2 or 1.3 and nothing else. Needs `tls-key`. A changed file counts within 5 s for new"
                            + " connections; one that can't be used is logged, and what it said before counts.")
            .atStart(DOOR);

    /// The key of the server's certificate.
    public static final Setting<Optional<Path>> TLS_KEY = file(
                    "tls-key",
                    "The file of the private key of `tls-certificate` in PEM (PKCS#8, without a password), RSA or EC.")
            .atStart(DOOR);

    /// Who vouches for clients.
    public static final Setting<Optional<Path>> TLS_CLIENT_CA = file(
                    "tls-client-ca",
                    "The file of the certificates in PEM that vouch for clients: a client shows a certificate signed by one of"
                            + " them, and comes in as whom it names. A changed file counts within 5 s, also for who is connected.")
            .atStart(DOOR);

    /// Whether clients must show a certificate.
    public static final Setting<ServerConfig.ClientAuth> TLS_CLIENT_AUTH = setting(
                    "tls-client-auth",
                    SettingType.choice(ServerConfig.ClientAuth.class),
                    "required",
                    "Whether a client must show a certificate, when there is `tls-client-ca`, or may come in by a key or a token"
                            + " instead.")
            .atStart(DOOR);

    /// Where a client's certificate says its name.
    public static final Setting<ServerConfig.CertificateName> TLS_CLIENT_NAME = setting(
                    "tls-client-name",
                    SettingType.choice(ServerConfig.CertificateName.class),
                    "cn",
                    "Where a client's certificate says its name, as rules know it (`name:…`): the common name, the first DNS name,"
                            + " URI or mail address among its alternative names, or its whole subject.")
            .atStart(DOOR);

    /// Where a client's certificate says its role.
    public static final Setting<ServerConfig.CertificateRole> TLS_CLIENT_ROLE = setting(
                    "tls-client-role",
                    SettingType.choice(ServerConfig.CertificateRole.class),
                    "none",
                    "Where a client's certificate says its role: nowhere, or in the organizational unit (OU) of its subject. The"
                            + " role `admin` may do everything: only where `tls-client-ca` signs that for nobody else.")
            .atStart(DOOR);

    /// Connections of all clients.
    public static final Setting<Integer> MAX_CONNECTIONS = setting(
            "max-connections",
            SettingType.integer(1, 10_000_000),
            "100000",
            "How many connections there may be, HTTP included; one more is answered with 503.");

    /// Connections from one address.
    public static final Setting<Integer> ADDRESS_CONNECTIONS = count(
            "address-connections",
            "How many connections one address may have. Everybody behind a proxy has the address of the proxy.");

    /// New connections from one address.
    public static final Setting<Optional<Double>> ADDRESS_CONNECTION_RATE = rate(
            "address-connection-rate",
            "How many connections per second one address may make, after a burst of ten seconds' worth.");

    /// Sessions of one client.
    public static final Setting<Integer> CLIENT_CONNECTIONS = count(
            "client-connections",
            "How many WebSockets one client may have: the bearer of a key, the subject of a token, the name in a"
                    + " certificate, or for who shows none of them its address.");

    /// Subscriptions of one client.
    public static final Setting<Integer> CLIENT_SUBSCRIPTIONS = count(
            "client-subscriptions", "How many subscriptions one client may have on all its connections together.");

    /// Topics that one client makes.
    public static final Setting<Optional<Double>> CLIENT_TOPIC_RATE = rate(
            "client-topic-rate",
            "How many topics per second one client may make, after a burst of a minute's worth; `0.1` is six in a minute.");

    /// Messages that one client publishes.
    public static final Setting<Optional<Double>> CLIENT_PUBLISH_RATE = rate(
            "client-publish-rate",
            "How many messages per second one client may publish on all its connections together, after a burst of one"
                    + " second's worth.");

    /// Bytes that one client publishes.
    public static final Setting<Optional<Long>> CLIENT_PUBLISH_BYTES = setting(
            "client-publish-bytes",
            SettingType.size(1024, 1L << 30).or("off", "", Optional.<Long>empty(), Optional::of),
            "off",
            "How many bytes per second one client may publish on all its connections together, as sent; a burst is one"
                    + " second's worth, and room for two of the largest messages always.");

    /// What waits for clients.
    public static final Setting<MemoryShare> BUFFER_MEMORY = setting(
            "buffer-memory",
            SettingType.percent(1, 90)
                    .or(SettingType.size(1 << 20, 1L << 40), MemoryShare::percent, MemoryShare::bytes),
            "20%",
            "How much may wait for clients that read slowly, and be kept of messages that others have not sent to their end, all"
                    + " together, as a share of `memory` or in bytes. From four"
                    + " fifths of it on, publishes, subscriptions and connections are refused with `BACKPRESSURE` (503 over"
                    + " HTTP) until it is three fifths; at the whole of it the slowest clients are disconnected. Bodies of requests that are not whole"
                    + " yet may hold a quarter as much beside it.");

    /// Where the record of decisions is written.
    public static final Setting<Optional<Path>> AUDIT_LOG = file(
                    "audit-log",
                    "The file that is told, in a line of JSON each, who managed what and who was refused what; without one the"
                            + " log is told, as `fanfare.audit`.")
            .atStart("the record stays where it was begun, so that nobody leads it elsewhere");

    /// How large such a file becomes.
    public static final Setting<Long> AUDIT_LOG_SIZE = setting(
            "audit-log-size",
            SettingType.size(1024, 1L << 40),
            "64 MiB",
            "How large that file becomes before it is called `.1` and another is begun; five older ones are kept.");

    private SafetySettings() {}

    private static Setting<Integer> count(String name, String meaning) {
        return setting(
                name,
                SettingType.integer(1, 10_000_000).or("off", "", Integer.MAX_VALUE, number -> number),
                "off",
                meaning);
    }

    private static Setting<Optional<Double>> rate(String name, String meaning) {
        return setting(
                name,
                SettingType.rate(0.001, 10_000_000).or("off", "", Optional.<Double>empty(), Optional::of),
                "off",
                meaning);
    }

    private static Setting<Optional<String>> anyText(String name, String meaning) {
        return setting(
                name,
                SettingType.text("a text", TEXT).or("any", "", Optional.<String>empty(), Optional::of),
                "any",
                meaning);
    }

    static List<Setting<?>> all() {
        return TABLE;
    }

    private static Setting<Optional<Path>> file(String name, String meaning) {
        return setting(name, SettingType.file().or("none", "", Optional.<Path>empty(), Optional::of), "none", meaning);
    }

    private static <T> Setting<T> setting(String name, SettingType<T> type, String defaultText, String meaning) {
        Setting<T> setting = Setting.of(name, type, defaultText).means(meaning);
        TABLE.add(setting);
        return setting;
    }
}
