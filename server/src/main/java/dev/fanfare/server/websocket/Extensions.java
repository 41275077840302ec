package dev.fanfare.server.websocket;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;

/// Negotiates permessage-deflate: RFC 7692, section 7.1.
///
/// Neither side takes its context over: the server, so that all subscribers share the compressed bytes; the client,
/// so that an idle connection costs no window of memory. Our compressor can't be told the size of its window, so an
/// offer that sets one is declined.
final class Extensions {

    static final String DEFLATE_ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

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
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            boolean known = switch (pair[0].strip()) {
                case "server_no_context_takeover", "client_no_context_takeover" -> pair.length == 1;
                case "client_max_window_bits" -> true;
                default -> false;
            };
            if (!known) {
                return false;
            }
        }
        return true;
    }
}
