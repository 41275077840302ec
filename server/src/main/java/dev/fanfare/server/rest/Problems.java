package dev.fanfare.server.rest;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.Dialect;
import java.util.Map;

/// How a dialect tells a [Problem]: the standard one in `application/problem+json` (RFC 9457) that also carries the
/// error as on a WebSocket, the flat one in a `detail`.
public final class Problems {

    private static final String PROBLEM_JSON = "application/problem+json";
    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad Request"),
            Map.entry(401, "Unauthorized"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "Not Found"),
            Map.entry(405, "Method Not Allowed"),
            Map.entry(408, "Request Timeout"),
            Map.entry(409, "Conflict"),
            Map.entry(413, "Content Too Large"),
            Map.entry(414, "URI Too Long"),
            Map.entry(415, "Unsupported Media Type"),
            Map.entry(422, "Unprocessable Content"),
            Map.entry(426, "Upgrade Required"),
            Map.entry(429, "Too Many Requests"),
            Map.entry(431, "Request Header Fields Too Large"),
            Map.entry(500, "Internal Server Error"),
            Map.entry(503, "Service Unavailable"),
            Map.entry(504, "Gateway Timeout"),
            Map.entry(507, "Insufficient Storage"));

    private Problems() {}

    /// The answer that tells a problem.
    public static Answer answer(Dialect dialect, Problem problem) {
        Answer answer = switch (dialect) {
            case STANDARD ->
                Answer.json(problem.status(), PROBLEM_JSON, out -> {
                    begin(out, problem);
                    out.raw("}");
                });
            case FLAT ->
                Answer.json(
                        problem.status(),
                        out -> out.raw("{\"detail\":").string(problem.detail()).raw("}"));
        };
        return retry(answer, problem);
    }

    /// A problem of the standard dialect that goes on with members of its own.
    static Answer answer(Problem problem, byte[] members) {
        Answer answer = Answer.json(problem.status(), PROBLEM_JSON, out -> {
            begin(out, problem);
            out.raw(",").put(members).raw("}");
        });
        return retry(answer, problem);
    }

    /// Says when to try again, in whole seconds, if that is of any use, and with what.
    private static Answer retry(Answer answer, Problem problem) {
        if (problem.status() == 401) {
            return answer.with("WWW-Authenticate", "Bearer realm=\"fanfare\"");
        }
        long seconds = problem.retryAfterMillis() < 0 ? 1 : (problem.retryAfterMillis() + 999) / 1_000;
        return problem.status() == 503 || problem.retryAfterMillis() >= 0
                ? answer.with("Retry-After", Long.toString(seconds))
                : answer;
    }

    private static void begin(JsonBytes out, Problem problem) {
        out.raw("{\"type\":\"about:blank\",\"title\":")
                .string(TITLES.getOrDefault(problem.status(), "Error"))
                .raw(",\"status\":")
                .number(problem.status())
                .raw(",\"detail\":")
                .string(problem.detail())
                .raw(",\"error\":");
        error(out, problem);
    }

    /// The error as on a WebSocket.
    static void error(JsonBytes out, Problem problem) {
        out.raw("{\"code\":").string(problem.code()).raw(",\"message\":").string(problem.detail());
        if (problem.retryAfterMillis() >= 0) {
            out.raw(",\"retry_after_ms\":").number(problem.retryAfterMillis());
        }
        out.raw("}");
    }
}
