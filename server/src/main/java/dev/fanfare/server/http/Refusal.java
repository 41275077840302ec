package dev.fanfare.server.http;

import dev.fanfare.protocol.WireError;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;

/// Turns a connection away that there is no room for: nothing it says is read, and it costs one answer.
final class Refusal extends ChannelInboundHandlerAdapter {

    private final byte[] answer;

    private Refusal(byte[] answer) {
        this.answer = answer;
    }

    /// Answers a new connection.
    ///
    /// @param encrypted the peer would not understand a word: it is closed without one
    static void of(Channel channel, WireError why, boolean encrypted) {
        String text = why.message() + "\n";
        long seconds = Math.max(1, (why.retryAfterMillis() + 999) / 1_000);
        String head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: " + text.length()
                + "\r\nRetry-After: " + seconds + "\r\nConnection: close\r\n\r\n";
        byte[] whole = encrypted ? new byte[0] : (head + text).getBytes(StandardCharsets.US_ASCII);
        channel.pipeline().addLast(new Refusal(whole));
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (answer.length == 0) {
            context.close();
        } else {
            context.writeAndFlush(Unpooled.wrappedBuffer(answer)).addListener(sent -> Farewell.to(context.channel()));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        ReferenceCountUtil.release(bytes);
    }
}
