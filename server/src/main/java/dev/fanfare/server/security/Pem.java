package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Certificates and private keys in files of PEM (RFC 7468).
final class Pem {

    private static final long FILE_MAX = 1 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private Pem() {}

    /// The certificates in a file, in their order; at least one.
    ///
    /// @param setting that names the file, for the error
    /// @throws SettingException when there are none, or something is wrong with one
    static List<X509Certificate> certificates(Path file, String setting) {
        List<X509Certificate> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(read(file, setting));
        try {
            while (block.find()) {
                if (block.group(1).endsWith("CERTIFICATE")) {
                    byte[] bytes = Base64.getMimeDecoder().decode(block.group(2));
                    found.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(bytes)));
                }
            }
        } catch (GeneralSecurityException | IllegalArgumentException wrong) {
            throw new SettingException(
                    setting + ": a certificate in " + file + " can't be read: " + wrong.getMessage());
        }
        if (found.isEmpty()) {
            throw new SettingException(setting + ": there is no certificate in " + file
                    + " (a block that begins '-----BEGIN CERTIFICATE')");
        }
        return found;
    }

    /// The private key in a file that belongs to a certificate.
    ///
    /// @throws SettingException when there is none, or it does not belong to that
    static PrivateKey key(Path file, X509Certificate owner, String setting) {
        Matcher block = BLOCK.matcher(read(file, setting));
        while (block.find()) {
            switch (block.group(1)) {
                case "PRIVATE KEY" -> {
                    return key(block.group(2), owner.getPublicKey(), setting + ": the key in " + file);
                }
                case "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY" ->
                    throw new SettingException(setting + ": the key in " + file + " has the form '" + block.group(1)
                            + "'; make PKCS#8 of it: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW");
                default -> {}
            }
        }
        throw new SettingException(
                setting + ": there is no key in " + file + " (a block that begins '-----BEGIN PRIVATE KEY')");
    }

    private static PrivateKey key(String base64, PublicKey owner, String what) {
        String signing = switch (owner.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default ->
                throw new SettingException("tls-certificate has a key of the kind " + owner.getAlgorithm()
                        + "; what works everywhere is RSA or EC");
        };
        try {
            byte[] bytes = Base64.getMimeDecoder().decode(base64);
            PrivateKey key =
                    KeyFactory.getInstance(owner.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(bytes));
            byte[] text = "does it fit?".getBytes(StandardCharsets.US_ASCII);
            Signature signature = Signature.getInstance(signing);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(owner);
            signature.update(text);
            if (signature.verify(signed)) {
                return key;
            }
        } catch (GeneralSecurityException | IllegalArgumentException wrong) {
            throw new SettingException(what + " is none for the certificate: it is damaged, or of another kind than "
                    + owner.getAlgorithm());
        }
        throw new SettingException(what + " is another one than that of the certificate");
    }

    private static String read(Path file, String setting) {
        try {
            if (Files.size(file) > FILE_MAX) {
                throw new SettingException(setting + ": " + file + " has more than " + FILE_MAX + " bytes");
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new SettingException(setting + ": " + file + " can't be read: " + e);
        }
    }
}
