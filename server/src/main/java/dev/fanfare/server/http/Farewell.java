package dev.fanfare.server.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Ends a connection so that the peer still reads the last answer. Closing while the peer is still sending makes its
/// system throw away what it has not read yet; so only our half is closed, and what comes is ignored for a moment.
final class Farewell extends ChannelInboundHandlerAdapter {

    private static final int LINGER_SECONDS = 2;

    private Farewell() {}

    /// Ends a connection whose last answer has been written.
    static void to(Channel channel) {
        if (!(channel instanceof DuplexChannel duplex) || !channel.isActive()) {
            channel.close();
            return;
        }
        ChannelPipeline pipeline = channel.pipeline();
        List<ChannelHandler> handlers = TlsDoor.others(pipeline);
        pipeline.addLast(new Farewell());
        handlers.forEach(pipeline::remove);
        SslHandler encryption = pipeline.get(SslHandler.class);
        if (encryption == null) {
            duplex.shutdownOutput();
        } else {
            encryption.closeOutbound().addListener(said -> duplex.shutdownOutput());
        }
        channel.config().setAutoRead(true);
        channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        ReferenceCountUtil.release(bytes);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
