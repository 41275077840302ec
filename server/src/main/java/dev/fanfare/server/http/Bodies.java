package dev.fanfare.server.http;

import dev.fanfare.Compression;
import dev.fanfare.FanfareException;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.server.rest.Problem;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.Locale;

/// Bodies of requests, which may be compressed on their way (`Content-Encoding`).
final class Bodies {

    private Bodies() {}

    /// A copy of a request's body, plain.
    ///
    /// @param most how many bytes that may be
    /// @throws Problem 413 when there are more, however few were sent; 415 for an encoding there is not; 400 when
    ///     they are malformed
    static byte[] plain(FullHttpRequest request, int most) {
        byte[] body = ByteBufUtil.getBytes(request.content());
        List<String> encodings = request.headers().getAll(HttpHeaderNames.CONTENT_ENCODING);
        if (encodings.isEmpty() || body.length == 0) {
            return body;
        }
        String encoding = String.join(", ", encodings).strip().toLowerCase(Locale.ROOT);
        if (encoding.equals("identity")) {
            return body;
        }
        Compression how = Compression.named(encoding.equals("x-gzip") ? "gzip" : encoding)
                .orElseThrow(() -> Problem.badRequest(
                        415,
                        "this server does not understand Content-Encoding '" + Excerpt.of(encoding)
                                + "'; send the body in gzip, in zstd where it has that, or plain"));
        try {
            return how.expand(body, most);
        } catch (FanfareException refused) {
            throw Problem.of(refused);
        }
    }
}
