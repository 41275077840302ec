package dev.fanfare.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// Trust, and a certificate of one's own, from files of PEM: for [ClientOptions#withTls].
public final class PemFiles {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
    private static final char[] NO_PASSWORD = {};

    private PemFiles() {}

    /// What the files say.
    ///
    /// @param ca who vouches for servers; null: whom the JVM trusts
    /// @param certificate one's own, and those that vouch for it; null for none
    /// @param key its private key, PKCS#8 without a password; null when there is no certificate
    /// @throws IllegalArgumentException when a file is not what it should be, or one of the two is missing
    /// @throws IOException when one can't be read
    public static SSLContext context(@Nullable Path ca, @Nullable Path certificate, @Nullable Path key)
            throws IOException {
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("a certificate of one's own needs its key, and a key its certificate");
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    certificate == null || key == null ? null : own(certificate, key),
                    ca == null ? null : trust(ca),
                    null);
            return context;
        } catch (GeneralSecurityException wrong) {
            throw new IllegalArgumentException("the certificates can't be used: " + wrong.getMessage(), wrong);
        }
    }

    private static TrustManager[] trust(Path ca) throws IOException, GeneralSecurityException {
        KeyStore store = empty();
        int number = 0;
        for (Certificate one : certificates(ca)) {
            store.setCertificateEntry("ca-" + number++, one);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager[] own(Path certificate, Path key) throws IOException, GeneralSecurityException {
        List<Certificate> chain = certificates(certificate);
        String kind = chain.getFirst().getPublicKey().getAlgorithm();
        List<byte[]> keys = blocks(key, "PRIVATE KEY");
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("there is no key in " + key
                    + " in the form PKCS#8 without a password ('-----BEGIN PRIVATE KEY-----'); this makes one:"
                    + " openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW");
        }
        PrivateKey own = KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(keys.getFirst()));
        KeyStore store = empty();
        store.setKeyEntry("own", own, NO_PASSWORD, chain.toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }

    private static List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
        List<Certificate> found = new ArrayList<>();
        for (byte[] one : blocks(file, "CERTIFICATE")) {
            found.add(CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(one)));
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("there is no certificate in " + file + " (in PEM)");
        }
        return found;
    }

    private static List<byte[]> blocks(Path file, String kind) throws IOException {
        List<byte[]> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        while (block.find()) {
            if (block.group(1).equals(kind)) {
                found.add(Base64.getMimeDecoder().decode(block.group(2)));
            }
        }
        return found;
    }
}
