package dev.fanfare.server.http;

import dev.fanfare.server.security.Credentials;
import dev.fanfare.server.security.Tls;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.OptionalSslHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// The first handler of a connection to a listener that speaks TLS: puts encryption in its own place, or tells a peer
/// that speaks plain HTTP that it has to speak TLS.
public final class TlsDoor extends OptionalSslHandler {

    /// How long a peer may take to read that a connection ends.
    private static final long FAREWELL_MILLIS = 1_000;

    private static final String PLAIN = "this port speaks TLS: use https:// or wss://\n";

    TlsDoor(Tls tls) {
        super(tls.context());
    }

    @Override
    protected SslHandler newSslHandler(ChannelHandlerContext context, SslContext tls) {
        SslHandler handler = tls.newHandler(context.alloc());
        handler.setHandshakeTimeoutMillis(0); // who says nothing of use is cut by RequestDeadline
        handler.setCloseNotifyFlushTimeoutMillis(FAREWELL_MILLIS);
        return handler;
    }

    @Override
    protected ChannelHandler newNonSslHandler(ChannelHandlerContext context) {
        return new Plain();
    }

    /// Answers whatever a peer says without TLS.
    private static final class Plain extends ChannelInboundHandlerAdapter {

        private boolean answered;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            if (answered) {
                return;
            }
            answered = true;
            String answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: " + PLAIN.length()
                    + "\r\nConnection: close\r\n\r\n" + PLAIN;
            context.writeAndFlush(Unpooled.copiedBuffer(answer, StandardCharsets.US_ASCII))
                    .addListener(written -> Farewell.to(context.channel()));
        }
    }

    /// Whether a connection is encrypted.
    public static boolean encrypts(Channel channel) {
        return channel.pipeline().get(SslHandler.class) != null;
    }

    /// Whether what is written to a connection now is what its peer expects: not before both have agreed on encryption.
    static boolean isOpen(ChannelPipeline pipeline) {
        SslHandler encryption = pipeline.get(SslHandler.class);
        return encryption == null
                ? pipeline.get(TlsDoor.class) == null
                : encryption.handshakeFuture().isSuccess();
    }

    /// The handlers of a connection that come after encryption.
    public static List<ChannelHandler> others(ChannelPipeline pipeline) {
        List<ChannelHandler> others = new ArrayList<>(pipeline.toMap().values());
        others.removeIf(SslHandler.class::isInstance);
        return others;
    }

    /// What a peer shows by the certificate of its connection; nothing if it has none.
    static Credentials credentials(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        if (handler == null) {
            return Credentials.NONE;
        }
        try {
            List<X509Certificate> chain = new ArrayList<>();
            for (Certificate one : handler.engine().getSession().getPeerCertificates()) {
                chain.add((X509Certificate) one);
            }
            return chain.isEmpty() ? Credentials.NONE : new Credentials.Certificate(chain);
        } catch (SSLPeerUnverifiedException none) {
            return Credentials.NONE;
        }
    }

    /// What is wrong with a connection's encryption; null when that is not what went wrong.
    public static @Nullable SSLException problem(Throwable cause) {
        Throwable inner = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        return inner instanceof SSLException wrong ? wrong : null;
    }
}
