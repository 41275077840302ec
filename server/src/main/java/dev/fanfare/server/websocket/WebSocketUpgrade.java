package dev.fanfare.server.websocket;

import dev.fanfare.server.http.TlsDoor;
import dev.fanfare.server.rest.Target;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.session.SessionContext;
import dev.fanfare.server.session.SessionLoop;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The handshake of RFC 6455, section 4.2: checks the request, answers 101, and leaves nothing in the pipeline but
/// encryption and the connection.
public final class WebSocketUpgrade {

    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int CLIENT_ID_MAX = 256;
    private static final WriteBufferWaterMark ALL_TAKEN = new WriteBufferWaterMark(1, 1);

    private WebSocketUpgrade() {}

    /// What is wrong with a handshake.
    ///
    /// @param status of the HTTP answer: 400, or 426 with `Sec-WebSocket-Version: 13`
    /// @param reason in words
    public record Refusal(int status, String reason) {}

    /// What is wrong with a handshake; null when it can be accepted.
    public static @Nullable Refusal check(HttpRequest request) {
        HttpHeaders headers = request.headers();
        if (!headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)) {
            return new Refusal(400, "the handshake needs the header 'Connection: Upgrade'");
        }
        if (!"13".equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            return new Refusal(426, "the handshake needs the header 'Sec-WebSocket-Version: 13'");
        }
        if (!validKey(headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY))) {
            return new Refusal(400, "the header Sec-WebSocket-Key must be 16 bytes in base64");
        }
        String clientId = clientId(request);
        if (clientId != null && (clientId.isEmpty() || clientId.codePointCount(0, clientId.length()) > CLIENT_ID_MAX)) {
            return new Refusal(400, "client_id must have 1 to " + CLIENT_ID_MAX + " characters");
        }
        if (clientId != null && clientId.chars().anyMatch(Character::isISOControl)) {
            return new Refusal(400, "client_id must not hold control characters");
        }
        return null;
    }

    private static boolean validKey(@Nullable String key) {
        try {
            return key != null && Base64.getDecoder().decode(key.strip()).length == 16;
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    private static @Nullable String clientId(HttpRequest request) {
        return Target.parse(request.uri()).query().get("client_id");
    }

    /// Accepts a request that passed [#check]. On the channel's event loop; the request is not used afterwards.
    ///
    /// @param identity who the peer is; null when it will say so in its first message
    /// @param serverName value of the `Server` header
    public static void accept(
            ChannelHandlerContext context,
            HttpRequest request,
            SessionContext sessions,
            @Nullable Identity identity,
            String serverName) {
        Channel channel = context.channel();
        SessionLoop loop = sessions.loops().of(channel.eventLoop());
        boolean deflate = sessions.deflates() && Extensions.offersDeflate(request.headers());
        StringBuilder answer = new StringBuilder(256)
                .append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nServer: ")
                .append(serverName)
                .append("\r\nSec-WebSocket-Accept: ")
                .append(acceptKey(String.valueOf(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY))
                        .strip()));
        if (deflate) {
            answer.append("\r\nSec-WebSocket-Extensions: ").append(Extensions.DEFLATE_ANSWER);
        }
        answer.append("\r\n\r\n");
        String clientId = clientId(request);

        // From here on a channel is writable when, and only when, the peer has taken everything:
        // [WebSocketConnection#blocked].
        channel.config().setWriteBufferWaterMark(ALL_TAKEN);
        ChannelPipeline pipeline = channel.pipeline();
        WebSocketConnection connection = new WebSocketConnection(
                channel,
                loop,
                opened -> sessions.open(loop, opened, clientId, identity, deflate),
                deflate ? loop.shared(MessageInflater.class, MessageInflater::new) : null);
        List<ChannelHandler> http = TlsDoor.others(pipeline);
        pipeline.addLast("handshake", connection);
        http.forEach(pipeline::remove);
        // Written after the HTTP codec has gone, which would take it for content, and before any frame of the session.
        channel.write(ByteBufUtil.writeAscii(channel.alloc(), answer), channel.voidPromise());
        channel.flush();
        connection.start();
    }

    private static String acceptKey(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-1", impossible);
        }
    }
}
