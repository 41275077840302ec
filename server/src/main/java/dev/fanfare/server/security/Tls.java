package dev.fanfare.server.security;

import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.SettingException;
import dev.fanfare.time.Timers;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// What the connections of a server are encrypted with, and who vouches for its clients. When the files change, new
/// connections go by what they say then; those that are open stay as they are. Any thread.
public final class Tls implements AutoCloseable {

    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    /// Those with forward secrecy and authenticated encryption.
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /// Set to `jdk`, this system property keeps OpenSSL from being used.
    private static final String PROPERTY = "fanfare.tls";

    private final ServerConfig.Tls config;
    private final SslProvider provider;
    private final Watched<Material> material;

    /// What the files say.
    ///
    /// @param clients who vouches for clients; null when they show no certificate
    private record Material(SslContext context, @Nullable X509TrustManager clients) {}

    /// Reads the files.
    ///
    /// @param changed runs when they say something new; on a thread that may wait
    /// @param audit is told of it
    /// @throws SettingException when one can't be used
    Tls(ServerConfig.Tls config, Timers timers, Runnable changed, Audit audit) {
        this.config = config;
        this.provider = !"jdk".equals(System.getProperty(PROPERTY)) && OpenSsl.isAvailable()
                ? SslProvider.OPENSSL
                : SslProvider.JDK;
        List<Path> files = new ArrayList<>(List.of(config.certificate(), config.key()));
        config.clientCa().ifPresent(files::add);
        this.material = new Watched<>(files, this::read, this::read, timers, changed, audit);
    }

    private Material read() {
        List<X509Certificate> chain = Pem.certificates(config.certificate(), "tls-certificate");
        PrivateKey key = Pem.key(config.key(), chain.getFirst(), "tls-key");
        try {
            SslContextBuilder building = SslContextBuilder.forServer(key, chain)
                    .sslProvider(provider)
                    .protocols(PROTOCOLS)
                    .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
            X509TrustManager clients = null;
            if (config.clientCa().isPresent()) {
                TrustManagerFactory trust =
                        trusting(Pem.certificates(config.clientCa().get(), "tls-client-ca"));
                clients = manager(trust);
                building.trustManager(trust)
                        .clientAuth(
                                config.clientAuth() == ServerConfig.ClientAuth.REQUIRED
                                        ? ClientAuth.REQUIRE
                                        : ClientAuth.OPTIONAL);
            }
            return new Material(building.build(), clients);
        } catch (SSLException | GeneralSecurityException | IllegalArgumentException wrong) {
            throw new SettingException(
                    "tls-certificate: " + config.certificate() + " can't be used: " + wrong.getMessage());
        }
    }

    private static TrustManagerFactory trusting(List<X509Certificate> authorities) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException impossible) {
            throw new IllegalStateException("an empty store needs no reading", impossible);
        }
        for (int i = 0; i < authorities.size(); i++) {
            store.setCertificateEntry("ca-" + i, authorities.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static X509TrustManager manager(TrustManagerFactory factory) {
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager known) {
                return known;
            }
        }
        throw new IllegalStateException("every JDK has a trust manager for X.509");
    }

    /// What a new connection is encrypted with.
    public SslContext context() {
        return material.value().context;
    }

    /// What encrypts: `openssl`, or `jdk` where that does not load.
    public String provider() {
        return provider == SslProvider.JDK ? "jdk" : "openssl";
    }

    /// Whether clients show certificates.
    boolean asksClients() {
        return config.clientCa().isPresent();
    }

    /// Whom a client's certificates name, if somebody vouches for them now.
    ///
    /// @throws Unauthorized when nobody does, or they name nobody
    Identity identity(List<X509Certificate> chain) {
        X509TrustManager clients = material.value().clients;
        if (clients == null) {
            throw new Unauthorized("certificates are not taken here");
        }
        try {
            clients.checkClientTrusted(
                    chain.toArray(X509Certificate[]::new),
                    chain.getFirst().getPublicKey().getAlgorithm());
        } catch (GeneralSecurityException untrusted) {
            throw new Unauthorized("nobody vouches for the certificate any more");
        }
        return ClientCertificate.identity(chain, config.clientName(), config.clientRole());
    }

    @Override
    public void close() {
        material.close();
    }
}
