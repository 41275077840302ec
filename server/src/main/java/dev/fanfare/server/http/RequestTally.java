package dev.fanfare.server.http;

import dev.fanfare.server.LogLimit;
import dev.fanfare.server.LogSubject;
import dev.fanfare.server.metrics.ServerCounts;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.rest.Route;
import io.netty.channel.Channel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What is counted of one request. On its connection's event loop, but for [#refused].
final class RequestTally {

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private final HttpContext http;
    private final String method;
    private final @Nullable String requestId;
    private final long begunNanos;
    private String route = "none";

    /// A request that has just come whole.
    ///
    /// @param requestId what its sender calls it, if it gave it a name
    RequestTally(HttpContext http, String method, @Nullable String requestId) {
        this.http = http;
        this.requestId = requestId;
        this.method = METHODS.contains(method) ? method : "other";
        this.begunNanos = nanos();
    }

    private long nanos() {
        return http.server().broker().timers().nanoTime();
    }

    /// It leads there.
    void found(Route to) {
        route = to.path();
    }

    /// It was answered.
    void answered(int status) {
        http.server()
                .counts()
                .answered(new ServerCounts.Answered(http.dialect(), method, route, status), nanos() - begunNanos);
    }

    /// It was refused: counts it, and says so in the log. Any thread.
    ///
    /// @param line method and target, as they came
    void refused(LogLimit log, String line, Channel connection, Problem problem) {
        http.server().refused(http.dialect(), problem);
        log.info(
                new LogSubject(connection.id().asShortText(), requestId),
                nanos(),
                "{} from {} refused: {} {}",
                line,
                connection.remoteAddress(),
                problem.status(),
                problem.detail());
    }
}
