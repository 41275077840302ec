package dev.fanfare.cli;

import dev.fanfare.feed.Pattern;
import dev.fanfare.server.FanfareServer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/// What `fanfare serve` prints when it listens: where, and what to try.
final class Banner {

    private static final int USUAL_PORT = 8080;

    /// Set by the launcher: the flags that follow from the setting `memory`.
    private static final String JVM_FLAGS = System.getProperty("fanfare.jvm-flags", "the JVM's own choice");

    private Banner() {}

    static String of(FanfareServer server) {
        String host = host(server);
        String address = host + ":" + server.port();
        String s = server.encryption().isEmpty() ? "" : "s";
        boolean usual = server.port() == USUAL_PORT && host.equals("127.0.0.1") && s.isEmpty();
        String url = usual ? "" : " --url http" + s + "://" + address;
        StringBuilder text = new StringBuilder();
        text.append("Fanfare ").append(Main.Version.text()).append('\n').append('\n');
        if (isWildcard(server.host())) {
            line(text, "listening", "on " + server.host() + ", every address of this machine; among them:");
        }
        line(text, "WebSocket", "ws" + s + "://" + address + "/ws");
        line(text, "REST", "http" + s + "://" + address);
        line(text, "docs", "http" + s + "://" + address + "/docs");
        server.flatPort().ifPresent(port -> {
            String flat = s + "://" + host + ":" + port;
            line(text, "flat", "ws" + flat + "/ws, http" + flat + ", docs at /docs");
        });
        line(text, "memory", mib(server.config().memoryBytes()) + " MiB: " + JVM_FLAGS);
        line(text, "sockets", server.transport() + (s.isEmpty() ? "" : ", TLS by " + server.encryption()));
        server.config().durable().data().ifPresent(data -> line(text, "data", data + durable(server)));
        text.append('\n');
        line(text, "publish", "echo hello | ./fanfare pub greetings --create" + url);
        line(text, "subscribe", "./fanfare sub greetings --last 5" + url);
        line(text, "stop", "Ctrl-C");
        return text.append('\n').toString();
    }

    private static String durable(FanfareServer server) {
        var patterns = server.config().durable().topics().patterns();
        return patterns.isEmpty()
                ? ""
                : ": durable are "
                        + String.join(", ", patterns.stream().map(Pattern::text).toList());
    }

    /// What whoever started the server should know about who can reach it.
    static Optional<String> warning(FanfareServer server) {
        try {
            if (InetAddress.getByName(server.host()).isLoopbackAddress()) {
                return Optional.empty();
            }
        } catch (UnknownHostException e) {
            // It listens there, so it was known a moment ago; better a warning too many.
        }
        if (server.config().security().isGuarded()) {
            return server.encryption().isEmpty()
                    ? Optional.of("warning: " + server.host() + " can be reached from other machines, and nothing is"
                            + " encrypted: keys and tokens travel as they are (settings tls-certificate and tls-key)")
                    : Optional.empty();
        }
        return Optional.of("warning: " + server.host() + " can be reached from other machines, and there is no"
                + " authentication: whoever reaches it may read and publish everything");
    }

    private static boolean isWildcard(String host) {
        try {
            return InetAddress.getByName(host).isAnyLocalAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static void line(StringBuilder text, String label, String value) {
        text.append("  %-11s%s%n".formatted(label, value));
    }

    /// An address that a client on this machine can use.
    private static String host(FanfareServer server) {
        String host = server.host();
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::", "[::]" -> "[::1]";
            default -> host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        };
    }

    private static long mib(long bytes) {
        return bytes / 1024 / 1024;
    }
}
