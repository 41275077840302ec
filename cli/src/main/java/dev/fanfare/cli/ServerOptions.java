package dev.fanfare.cli;

import dev.fanfare.client.ClientOptions;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that `pub` and `sub` share.
final class ServerOptions {

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:FANFARE_URL:-http://127.0.0.1:8080}",
            description = "The server: http(s)://host:port or ws(s)://host:port/ws."
                    + " Default: $$FANFARE_URL, or http://127.0.0.1:8080.")
    private String url = "";

    @Option(names = "--create", description = "Make the topic if it does not exist, or not any more.")
    private boolean create;

    @Mixin
    private final Login login = new Login();

    /// Whether to make a topic that does not exist.
    boolean create() {
        return create;
    }

    FanfareClient open(Consumer<Notice> notices) {
        try {
            // Somebody is looking on: don't let them wait as long as a program would.
            ClientOptions options = ClientOptions.defaults()
                    .withDelays(Duration.ofMillis(100), Duration.ofSeconds(3))
                    .withCredentials(login.credentials())
                    .withNotices(notices);
            SSLContext tls = login.tls(spec);
            if (tls != null) {
                options = options.withTls(tls);
            }
            return FanfareClient.open(url, options);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--url: " + e.getMessage(), e);
        }
    }

    /// What to say about a topic that was made at the start and had to be made again.
    static String madeAgain(String topic) {
        return "topic " + topic + " was gone, made it again";
    }

    /// What to say about a topic that is not there.
    static String noSuchTopic(String topic) {
        return "topic " + topic + " does not exist; --create makes it";
    }
}
