package dev.fanfare.server.security;

import dev.fanfare.server.ServerConfig.CertificateName;
import dev.fanfare.server.ServerConfig.CertificateRole;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/// What a client's certificate says of it.
final class ClientCertificate {

    /// The kinds of alternative names in RFC 5280, section 4.2.1.6, that are texts of use here.
    private static final int EMAIL = 1;

    private static final int DNS = 2;
    private static final int URI = 6;

    private static final String PATH = "PkiPath";

    private ClientCertificate() {}

    /// Whom it names, with the claims `subject`, `dns`, `uri` and `email`.
    ///
    /// @param chain that of the client first
    /// @throws Unauthorized when it has no name where one is looked for
    static Identity identity(List<X509Certificate> chain, CertificateName where, CertificateRole role) {
        X509Certificate own = chain.getFirst();
        String subject = own.getSubjectX500Principal().getName();
        Map<String, Object> claims = new HashMap<>();
        claims.put("subject", subject);
        claims.put("dns", alternatives(own, DNS));
        claims.put("uri", alternatives(own, URI));
        claims.put("email", alternatives(own, EMAIL));
        String name = switch (where) {
            case CN -> part(subject, "CN").orElse("");
            case SUBJECT -> subject;
            case DNS -> first(alternatives(own, DNS));
            case URI -> first(alternatives(own, URI));
            case EMAIL -> first(alternatives(own, EMAIL));
        };
        if (name.isBlank()) {
            throw new Unauthorized("the certificate names nobody (setting tls-client-name: "
                    + where.name().toLowerCase(Locale.ROOT) + ")");
        }
        String plays = role == CertificateRole.OU ? part(subject, "OU").orElse("") : "";
        long until = Long.MAX_VALUE;
        for (X509Certificate one : chain) {
            until = Math.min(until, one.getNotAfter().toInstant().toEpochMilli());
        }
        return new Identity(Identity.Kind.CERTIFICATE, name, plays, claims, until, proof(chain));
    }

    private static String first(List<String> names) {
        return names.isEmpty() ? "" : names.getFirst();
    }

    private static List<String> alternatives(X509Certificate certificate, int kind) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream()
                            .filter(name -> Integer.valueOf(kind).equals(name.getFirst()))
                            .map(name -> String.valueOf(name.get(1)))
                            .toList();
        } catch (GeneralSecurityException unreadable) {
            return List.of();
        }
    }

    /// A part of a subject, the one nearest to its owner if there are several.
    private static Optional<String> part(String subject, String type) {
        try {
            List<Rdn> parts = new LdapName(subject).getRdns();
            return parts.reversed().stream()
                    .filter(part -> part.getType().equalsIgnoreCase(type))
                    .map(part -> String.valueOf(part.getValue()))
                    .findFirst();
        } catch (InvalidNameException strange) {
            return Optional.empty();
        }
    }

    private static String proof(List<X509Certificate> chain) {
        try {
            byte[] path = CertificateFactory.getInstance("X.509")
                    .generateCertPath(chain)
                    .getEncoded(PATH);
            return Base64.getEncoder().encodeToString(path);
        } catch (GeneralSecurityException broken) {
            throw new Unauthorized("the certificate can't be read");
        }
    }

    /// The certificates that an identity came in with.
    static List<X509Certificate> chain(Identity identity) {
        try {
            byte[] path = Base64.getDecoder().decode(identity.proof());
            return CertificateFactory.getInstance("X.509")
                    .generateCertPath(new ByteArrayInputStream(path), PATH)
                    .getCertificates()
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("it was written by itself", impossible);
        }
    }
}
