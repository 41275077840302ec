package dev.fanfare.server.websocket;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.session.SessionContext;
import dev.fanfare.server.session.SessionLoops;
import dev.fanfare.server.session.WireKinds;
import dev.fanfare.time.VirtualTimers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A broker and the WebSockets of its peers, in virtual time and without a socket: bytes in, bytes out.
final class Wire implements AutoCloseable {

    private final VirtualTimers timers = new VirtualTimers();
    private final ServerConfig config;
    private final WireKinds kinds;
    private final ServerContext server;
    private final List<Peer> peers = new ArrayList<>();

    final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    /// What the bytes of peers are kept in, every one counted.
    final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);

    Wire(Map<String, String> settings) {
        config = ServerConfig.of(settings);
        kinds = new WireKinds(() -> config, timers);
        server = ServerContext.of(broker, config);
    }

    /// A good handshake with the example key of RFC 6455, and further headers.
    static HttpRequest handshake(String uri, String... headers) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, uri);
        request.headers()
                .set("Upgrade", "websocket")
                .set("Connection", "Upgrade")
                .set("Sec-WebSocket-Version", "13")
                .set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (int i = 0; i < headers.length; i += 2) {
            request.headers().set(headers[i], headers[i + 1]);
        }
        return request;
    }

    /// A peer on an event loop of its own, its handshake accepted, the answer not yet taken.
    Peer connect(Dialect dialect, HttpRequest request) {
        Peer peer = new Peer();
        SessionLoops loops = new SessionLoops(
                peer.eventLoop(), () -> config, timers, server.limits().pressure());
        SessionContext sessions = new SessionContext(server, dialect, loops, kinds, Runnable::run);
        ChannelHandlerContext http = peer.pipeline().firstContext();
        WebSocketUpgrade.accept(http, request, sessions, Identity.ANONYMOUS, "Fanfare/test");
        peers.add(peer);
        peer.turn();
        return peer;
    }

    /// A peer of the standard dialect that has its handshake behind it.
    Peer connect() {
        Peer peer = connect(Dialect.STANDARD, handshake("/ws"));
        peer.takeHandshake();
        return peer;
    }

    void pass(Duration time) {
        timers.advance(time);
        for (Peer peer : peers) {
            peer.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
            peer.turn();
        }
    }

    /// A channel that takes bytes, or refuses them.
    final class Peer extends EmbeddedChannel {

        private boolean taking = true;

        Peer() {
            super(new ChannelInboundHandlerAdapter(), new ChannelInboundHandlerAdapter());
            freezeTime();
            config().setAllocator(memory);
        }

        /// Reads these bytes, in one go.
        Peer says(ClientFrames frames) {
            ByteBuf in = memory.buffer().writeBytes(frames.bytes());
            pipeline().fireChannelRead(in);
            pipeline().fireChannelReadComplete();
            turn();
            return this;
        }

        Peer says(String text) {
            return says(new ClientFrames().text(text));
        }

        /// Takes no more bytes.
        void refuse() {
            taking = false;
        }

        /// Takes what waits and what comes.
        void take() {
            taking = true;
            flush();
            turn();
        }

        void turn() {
            runPendingTasks();
            runScheduledPendingTasks();
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (taking) {
                super.doWrite(in);
            }
        }

        /// What was sent since the last call.
        byte[] taken() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (ByteBuf out = readOutbound(); out != null; out = readOutbound()) {
                try {
                    out.readBytes(all, out.readableBytes());
                } catch (IOException impossible) {
                    throw new IllegalStateException(impossible);
                } finally {
                    out.release();
                }
            }
            return all.toByteArray();
        }

        /// The head of the answer to the handshake, which must be all that was sent.
        String takeHandshake() {
            return new String(taken(), StandardCharsets.US_ASCII);
        }

        /// The frames sent since the last call: the text of a text frame, or its opcode and payload.
        List<String> hears() {
            List<String> frames = new ArrayList<>();
            ByteBuffer in = ByteBuffer.wrap(taken());
            while (in.hasRemaining()) {
                int first = in.get() & 0xFF;
                int length = in.get() & 0xFF;
                if (length == 126) {
                    length = in.getShort() & 0xFFFF;
                } else if (length == 127) {
                    length = Math.toIntExact(in.getLong());
                }
                byte[] payload = new byte[length];
                in.get(payload);
                frames.add(frame(first, payload));
            }
            return frames;
        }

        private static String frame(int first, byte[] payload) {
            String text = new String(payload, StandardCharsets.UTF_8);
            return switch (first) {
                case 0x81 -> text;
                case 0x88 ->
                    "close " + ((payload[0] & 0xFF) << 8 | payload[1] & 0xFF) + " "
                            + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
                case 0x89 -> "ping " + text;
                case 0x8A -> "pong " + text;
                default -> throw new AssertionError("a frame begins with " + Integer.toHexString(first));
            };
        }
    }

    @Override
    public void close() {
        for (Peer peer : peers) {
            peer.close();
            peer.turn();
            peer.releaseOutbound();
        }
        broker.close();
    }
}
