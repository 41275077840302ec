package dev.fanfare.cli;

import dev.fanfare.client.Credentials;
import dev.fanfare.client.PemFiles;
import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// How a command shows a server who it is, and knows whom it speaks to.
final class Login {

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            defaultValue = "${env:FANFARE_API_KEY}",
            description = "An API key of the server, if it asks for one. Default: $$FANFARE_API_KEY, where others on"
                    + " this machine can't see it.")
    private @Nullable String apiKey;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:FANFARE_TOKEN}",
            description = "A token (JWT) that the server takes. Default: $$FANFARE_TOKEN.")
    private @Nullable String token;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            defaultValue = "${env:FANFARE_CA}",
            description = "Certificates in PEM of who vouches for the server, for https and wss addresses. Default:"
                    + " $$FANFARE_CA, or whom this machine's Java trusts.")
    private @Nullable String ca;

    @Option(
            names = "--cert",
            paramLabel = "FILE",
            defaultValue = "${env:FANFARE_CERT}",
            description = "A certificate in PEM to show the server, with those that vouch for it; needs --cert-key."
                    + " Default: $$FANFARE_CERT.")
    private @Nullable String certificate;

    @Option(
            names = "--cert-key",
            paramLabel = "FILE",
            defaultValue = "${env:FANFARE_CERT_KEY}",
            description = "The key of that certificate, in PEM (PKCS#8). Default: $$FANFARE_CERT_KEY.")
    private @Nullable String certificateKey;

    /// What to speak TLS with; null: as Java does.
    ///
    /// @throws ParameterException when the files are no good
    @Nullable
    SSLContext tls(CommandSpec spec) {
        Path trusted = path(ca);
        Path own = path(certificate);
        Path key = path(certificateKey);
        if (trusted == null && own == null && key == null) {
            return null;
        }
        try {
            return PemFiles.context(trusted, own, key);
        } catch (IOException | IllegalArgumentException e) {
            String why = e instanceof IOException ? "can't be read: " + e : String.valueOf(e.getMessage());
            throw new ParameterException(spec.commandLine(), "--ca, --cert, --cert-key: " + why, e);
        }
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null || text.isBlank() ? null : Path.of(text.strip());
    }

    /// What shows the server who calls.
    ///
    /// @throws ParameterException when it can't stand in a header
    Credentials credentials(CommandSpec spec) {
        String key = apiKey;
        String bearer = token;
        if (key != null && !key.isBlank()) {
            return Credentials.apiKey(sendable(spec, "--api-key", key.strip()));
        }
        if (bearer == null || bearer.isBlank()) {
            return Credentials.none();
        }
        String sent = sendable(spec, "--token", bearer.strip());
        return Credentials.token(() -> sent);
    }

    /// It is not shown: it is a secret.
    private static String sendable(CommandSpec spec, String option, String secret) {
        for (int i = 0; i < secret.length(); i++) {
            if (secret.charAt(i) < ' ' || secret.charAt(i) > '~') {
                throw new ParameterException(
                        spec.commandLine(), option + " holds a character that no key and no token has, at " + (i + 1));
            }
        }
        return secret;
    }
}
