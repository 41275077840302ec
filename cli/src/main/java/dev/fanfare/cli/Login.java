package dev.fanfare.cli;

import dev.fanfare.client.Credentials;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a command shows a server who it is.
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

    Credentials credentials() {
        String key = apiKey;
        String bearer = token;
        if (key != null && !key.isBlank()) {
            return Credentials.apiKey(key.strip());
        }
        return bearer == null || bearer.isBlank() ? Credentials.none() : Credentials.token(bearer::strip);
    }
}
