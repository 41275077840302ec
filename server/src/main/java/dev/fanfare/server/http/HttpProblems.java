package dev.fanfare.server.http;

import dev.fanfare.FanfareException;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.security.Unauthorized;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is wrong with a request, or went wrong with it, in the words of an answer.
final class HttpProblems {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.http");

    private HttpProblems() {}

    static Problem tooLarge(String what, int limit) {
        return Problem.of(
                new WireError(WireError.Code.TOO_LARGE, what + " is too large: at most " + limit + " bytes are allowed")
                        .by(Limit.REQUEST_BODY.label()));
    }

    static Problem forbiddenOrigin(Exchange exchange) {
        return Problem.of(
                403,
                WireError.Code.FORBIDDEN.standard(),
                "pages of " + Excerpt.of(String.valueOf(exchange.origin()))
                        + " may not use this server (setting allowed-origins: "
                        + exchange.http().server().config().network().allowedOrigins() + ")");
    }

    static Problem undecodable(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return tooLong(414, "the request line is too long", Limit.REQUEST_LINE);
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return tooLong(431, "the headers are too large", Limit.REQUEST_HEADERS);
        }
        return Problem.badRequest(400, "the request is not HTTP: " + Excerpt.of(String.valueOf(cause.getMessage())));
    }

    private static Problem tooLong(int status, String what, Limit limit) {
        return Problem.of(status, new WireError(WireError.Code.TOO_LARGE, what).by(limit.label()));
    }

    static Problem of(Throwable thrown) {
        return switch (thrown) {
            case Problem problem -> problem;
            case FanfareException refused -> Problem.of(refused);
            case Unauthorized stranger -> Problem.of(new WireError(WireError.Code.UNAUTHORIZED, stranger.reason()));
            case RejectedExecutionException closed ->
                Problem.of(new WireError(WireError.Code.SHUTTING_DOWN, "the server is shutting down"));
            default -> {
                LOG.error("a request could not be answered", thrown);
                yield Problem.of(
                        new WireError(WireError.Code.INTERNAL, "the server made a mistake; its log says which"));
            }
        };
    }
}
