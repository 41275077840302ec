package dev.fanfare.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The part of the table of settings that says how connections are encrypted.
public final class SafetySettings {

    private static final List<Setting<?>> TABLE = new ArrayList<>();

    /// The server's certificate.
    public static final Setting<Optional<Path>> TLS_CERTIFICATE = file(
            "tls-certificate",
            "The file of the server's certificate in PEM, followed by those that vouch for it. With it every listener"
                    + " speaks TLS 1.2 or 1.3 and nothing else. Needs `tls-key`. A changed file counts within 5 s for new"
                    + " connections; one that can't be used is logged, and what it said before counts.");

    /// The key of the server's certificate.
    public static final Setting<Optional<Path>> TLS_KEY = file(
            "tls-key",
            "The file of the private key of `tls-certificate` in PEM (PKCS#8, without a password), RSA or EC.");

    /// Who vouches for clients.
    public static final Setting<Optional<Path>> TLS_CLIENT_CA = file(
            "tls-client-ca",
            "The file of the certificates in PEM that vouch for clients: a client shows a certificate signed by one of"
                    + " them, and comes in as whom it names. A changed file counts within 5 s, also for who is connected.");

    /// Whether clients must show a certificate.
    public static final Setting<ServerConfig.ClientAuth> TLS_CLIENT_AUTH = setting(
            "tls-client-auth",
            SettingType.choice(ServerConfig.ClientAuth.class),
            "required",
            "Whether a client must show a certificate, when there is `tls-client-ca`, or may come in by a key or a token"
                    + " instead.");

    /// Where a client's certificate says its name.
    public static final Setting<ServerConfig.CertificateName> TLS_CLIENT_NAME = setting(
            "tls-client-name",
            SettingType.choice(ServerConfig.CertificateName.class),
            "cn",
            "Where a client's certificate says its name, as rules know it (`name:…`): the common name, the first DNS name,"
                    + " URI or mail address among its alternative names, or its whole subject.");

    /// Where a client's certificate says its role.
    public static final Setting<ServerConfig.CertificateRole> TLS_CLIENT_ROLE = setting(
            "tls-client-role",
            SettingType.choice(ServerConfig.CertificateRole.class),
            "none",
            "Where a client's certificate says its role: nowhere, or in the organizational unit (OU) of its subject. The"
                    + " role `admin` may do everything: only where `tls-client-ca` signs that for nobody else.");

    private SafetySettings() {}

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
