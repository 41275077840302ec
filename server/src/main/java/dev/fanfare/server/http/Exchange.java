package dev.fanfare.server.http;

import dev.fanfare.server.rest.Answer;
import dev.fanfare.server.rest.Call;
import dev.fanfare.server.rest.Caller;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What of a request bears on its answer, whatever the endpoint. Immutable, but for its tally.
///
/// @param line method and target, for the log; empty when the request could not be read
/// @param headOnly the answer goes without its body
/// @param chunks the peer understands answers of unknown length
/// @param keepAlive whether the connection takes more requests afterwards
/// @param headers for the answer, beside those of every answer
/// @param tally what is counted of it
record Exchange(
        HttpContext http,
        String line,
        HttpMethod method,
        boolean headOnly,
        boolean chunks,
        boolean keepAlive,
        @Nullable String origin,
        Map<String, String> headers,
        RequestTally tally) {

    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final String PREFLIGHT_SECONDS = "600";

    /// What is no page may not be shown as one, and in none.
    private static final String NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

    /// For half a year.
    private static final String ONLY_TLS = "max-age=15552000";

    private static final String ALLOWED_HEADERS =
            "Content-Type, Content-Encoding, Authorization, X-API-Key, Last-Event-ID, Cache-Control, traceparent, tracestate";

    /// What the name of a parameter has in it that may be meant as a secret.
    private static final List<String> SECRETS = List.of("key", "token", "secret", "pass", "auth", "jwt");

    /// A request that could not be read.
    static Exchange unread(HttpContext http) {
        return new Exchange(
                http, "", HttpMethod.GET, false, false, false, null, Map.of(), new RequestTally(http, "none", null));
    }

    /// A request that could.
    static Exchange of(HttpContext http, FullHttpRequest request) {
        return new Exchange(
                http,
                request.method() + " " + request.uri(),
                request.method(),
                request.method().equals(HttpMethod.HEAD),
                request.protocolVersion().isKeepAliveDefault(),
                HttpUtil.isKeepAlive(request),
                request.headers().get(HttpHeaderNames.ORIGIN),
                Map.of(),
                new RequestTally(
                        http, request.method().name(), request.headers().get("X-Request-Id")));
    }

    /// Method and address for logs: of parameters that may be meant as a secret, only the names.
    String shown() {
        int query = line.indexOf('?');
        if (query < 0) {
            return line;
        }
        // In one pass over what anybody may send: a regular expression took half a minute for some of it.
        StringBuilder shown = new StringBuilder(line.length()).append(line, 0, query + 1);
        for (int begin = query + 1; begin <= line.length(); ) {
            int end = line.indexOf('&', begin);
            end = end < 0 ? line.length() : end;
            int value = line.indexOf('=', begin) + 1;
            boolean hasValue = value > 0 && value <= end;
            if (hasValue && isSecret(line.substring(begin, value))) {
                shown.append(line, begin, value).append('…');
            } else {
                shown.append(line, begin, end);
            }
            if (end < line.length()) {
                shown.append('&');
            }
            begin = end + 1;
        }
        return shown.toString();
    }

    private static boolean isSecret(String name) {
        String small = name.toLowerCase(Locale.ROOT);
        return SECRETS.stream().anyMatch(small::contains);
    }

    /// Method and path, without what may follow it.
    String lineWithoutQuery() {
        int query = line.indexOf('?');
        return query < 0 ? line : line.substring(0, query);
    }

    /// Whether the request could be read.
    boolean known() {
        return !line.isEmpty();
    }

    /// Whether the request changes nothing.
    boolean reads() {
        return headOnly || method.equals(HttpMethod.GET);
    }

    /// Whether a browser may have sent this for the page it shows.
    boolean originAllowed() {
        return http.server().config().network().allowedOrigins().allows(origin);
    }

    Exchange with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Exchange(http, line, method, headOnly, chunks, keepAlive, origin, more, tally);
    }

    /// The same, and the connection ends with its answer.
    Exchange closing() {
        return new Exchange(http, line, method, headOnly, chunks, false, origin, headers, tally);
    }

    /// What a browser that asks before it sends is told.
    Exchange preflight(String allowed) {
        Exchange answer = with("Allow", allowed);
        return origin == null || !originAllowed()
                ? answer
                : answer.with("Access-Control-Allow-Methods", allowed)
                        .with("Access-Control-Allow-Headers", ALLOWED_HEADERS)
                        .with("Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }

    /// The call that an endpoint answers; it holds nothing of the request's memory.
    Call call(
            Caller caller,
            FullHttpRequest request,
            Map<String, String> variables,
            Map<String, String> query,
            Conduct conduct,
            Call.Line connection) {
        Map<String, String> named = new HashMap<>();
        for (Map.Entry<String, String> header : request.headers()) {
            named.merge(header.getKey().toLowerCase(Locale.ROOT), header.getValue(), (a, b) -> a + ", " + b);
        }
        return new Call(
                caller,
                variables,
                query,
                named,
                Bodies.plain(request, http.bodyMax()),
                conduct.limit(),
                conduct::made,
                connection);
    }

    /// The whole answer.
    FullHttpResponse response(Answer answer) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                Unpooled.wrappedBuffer(answer.body()));
        HttpHeaders out = response.headers();
        common(out);
        if (!answer.contentType().isEmpty()) {
            out.set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        }
        if (answer.status() != 204 && answer.status() != 304) {
            out.set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        }
        answer.headers().forEach(out::set);
        headers.forEach(out::set);
        if (!out.contains(HttpHeaderNames.CACHE_CONTROL)) {
            out.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        }
        if (!keepAlive) {
            out.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (!chunks) {
            out.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE); // HTTP/1.0 has to be told
        }
        return response;
    }

    /// The beginning of an answer that goes on for as long as somebody listens.
    HttpResponse stream(String contentType) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        HttpHeaders out = response.headers();
        common(out);
        out.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        out.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        if (chunks) {
            HttpUtil.setTransferEncodingChunked(response, true);
        } else {
            out.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        return response;
    }

    private void common(HttpHeaders out) {
        out.set(HttpHeaderNames.SERVER, http.serverName());
        long millis = http.server().broker().timers().currentTimeMillis();
        out.set(HttpHeaderNames.DATE, HTTP_DATE.format(Instant.ofEpochMilli(millis)));
        out.set("X-Content-Type-Options", "nosniff");
        out.set("Referrer-Policy", "no-referrer");
        out.set(HttpHeaderNames.CONTENT_SECURITY_POLICY, NO_PAGE);
        if (http.server().access().tls() != null) {
            out.set("Strict-Transport-Security", ONLY_TLS);
        }
        out.set(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
        if (origin != null && originAllowed()) {
            out.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            out.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, "Location, Retry-After");
        }
    }
}
