package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.rest.Routes;
import dev.fanfare.server.security.Identity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A connection that ends while its peer is still sending: what comes is thrown away, and its memory given back.
class FarewellTest {

    /// A channel whose halves close one by one.
    private static final class TwoHalves extends EmbeddedChannel implements DuplexChannel {

        private boolean outputShutdown;

        @Override
        public boolean isInputShutdown() {
            return false;
        }

        @Override
        public ChannelFuture shutdownInput() {
            return shutdownInput(newPromise());
        }

        @Override
        public ChannelFuture shutdownInput(ChannelPromise promise) {
            return promise.setSuccess();
        }

        @Override
        public boolean isOutputShutdown() {
            return outputShutdown;
        }

        @Override
        public ChannelFuture shutdownOutput() {
            return shutdownOutput(newPromise());
        }

        @Override
        public ChannelFuture shutdownOutput(ChannelPromise promise) {
            outputShutdown = true;
            return promise.setSuccess();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public ChannelFuture shutdown() {
            return shutdown(newPromise());
        }

        @Override
        public ChannelFuture shutdown(ChannelPromise promise) {
            return promise.setSuccess();
        }
    }

    private static final class NoWebSockets implements WebSocketDoor {
        @Override
        public @Nullable Problem check(HttpRequest request) {
            return Problem.of(WireError.badRequest("no WebSockets here"));
        }

        @Override
        public void open(ChannelHandlerContext context, HttpRequest request, @Nullable Identity identity) {
            throw new IllegalStateException("nobody was let in");
        }
    }

    @Test
    void whatFollowsARefusedRequestInTheSameBytesIsGivenBack() {
        try (Broker broker = Broker.open();
                SlowCalls slowCalls = new SlowCalls()) {
            ServerContext server = ServerContext.of(broker, ServerConfig.defaults());
            HttpContext http = new HttpContext(
                    server, Dialect.STANDARD, new Routes(List.of()), new NoWebSockets(), slowCalls, "test");
            TwoHalves channel = new TwoHalves();
            channel.pipeline()
                    .addLast(new HttpPipeline(http, new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true)));
            String request = "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" + "x".repeat(1000);
            ByteBuf bytes = Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII);

            channel.writeInbound(bytes);

            ByteBuf answer = channel.readOutbound();
            assertThat(answer.toString(StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 413 ");
            answer.release();
            assertThat(channel.isOutputShutdown()).isTrue();
            assertThat(bytes.refCnt()).isZero();
            channel.finishAndReleaseAll();
        }
    }
}
