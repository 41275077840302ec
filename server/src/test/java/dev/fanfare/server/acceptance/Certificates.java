package dev.fanfare.server.acceptance;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// An authority, and what it signs.
final class Certificates {

    private final X509Bundle authority;

    Certificates(String name) {
        authority = build(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=" + name)
                .setIsCertificateAuthority(true)
                .buildSelfSigned());
    }

    private interface Building {
        X509Bundle build() throws Exception;
    }

    private static X509Bundle build(Building building) {
        try {
            return building.build();
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// A certificate of this machine.
    X509Bundle server(String name) {
        return build(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=" + name)
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .addExtendedKeyUsageServerAuth()
                .buildIssuedBy(authority));
    }

    /// A certificate of a client.
    X509Bundle client(String subject, String host) {
        return build(() -> new CertificateBuilder()
                .ecp256()
                .subject(subject)
                .addSanDnsName(host)
                .addExtendedKeyUsageClientAuth()
                .buildIssuedBy(authority));
    }

    /// Writes the authority's own certificate.
    void writeTo(Path file) {
        write(file, authority.getRootCertificatePEM());
    }

    /// Writes a certificate and its key.
    static void write(X509Bundle one, Path certificate, Path key) {
        write(certificate, one.getCertificatePathPEM());
        write(key, one.getPrivateKeyPEM());
    }

    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /// What a client goes by that trusts this authority.
    ///
    /// @param own what it shows of itself; null for nothing
    SSLContext trusting(@Nullable X509Bundle own) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("ca", authority.getRootCertificate());
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            TrustManager[] trusted = trust.getTrustManagers();
            KeyManager[] keys = own == null ? null : new KeyManager[] {new Shown(own)};
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trusted, new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// Shows a certificate whatever authorities the server names.
    private static final class Shown extends X509ExtendedKeyManager {

        private final X509Bundle own;

        Shown(X509Bundle own) {
            this.own = own;
        }

        @Override
        public String chooseClientAlias(String[] kinds, Principal @Nullable [] authorities, @Nullable Socket socket) {
            return "own";
        }

        @Override
        public String[] getClientAliases(String kind, Principal @Nullable [] authorities) {
            return new String[] {"own"};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return own.getCertificatePath();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return own.getKeyPair().getPrivate();
        }

        @Override
        public String @Nullable [] getServerAliases(String kind, Principal @Nullable [] authorities) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String kind, Principal @Nullable [] authorities, @Nullable Socket socket) {
            return null;
        }
    }
}
