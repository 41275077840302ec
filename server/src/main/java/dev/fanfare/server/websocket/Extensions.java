package dev.fanfare.server.websocket;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Negotiates permessage-deflate: RFC 7692, section 7.1.
///
/// Neither side takes its context over: the server, so that all subscribers share the compressed bytes; the client,
/// so that an idle connection costs no window of memory. Our compressor can't be told the size of its window, so an
/// offer that sets one is declined.
final class Extensions {

    static final String DEFLATE_ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    private static final Pattern WINDOW_BITS = Pattern.compile("(\"?)(?:[89]|1[0-5])\\1");

    private Extensions() {}

    /// Whether one of the client's offers can be accepted with [#DEFLATE_ANSWER].
    static boolean offersDeflate(HttpHeaders headers) {
        for (String line : headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS)) {
            for (String offer : line.split(",", -1)) {
                if (acceptable(offer)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean acceptable(String offer) {
        String[] parts = offer.toLowerCase(Locale.ROOT).split(";", -1);
        if (!parts[0].strip().equals("permessage-deflate")) {
            return false;
        }
        Set<String> names = new HashSet<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            String name = pair[0].strip();
            boolean valid = switch (name) {
                case "server_no_context_takeover", "client_no_context_takeover" -> pair.length == 1;
                case "client_max_window_bits" ->
                    pair.length == 1 || WINDOW_BITS.matcher(pair[1].strip()).matches();
                default -> false;
            };
            if (!valid || !names.add(name)) {
                return false;
            }
        }
        return true;
    }
}
