package dev.fanfare.server;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/// The event loops of a server, one per core, and the sockets that go with them: the system's own where their library
/// loads, else those of the JDK.
///
/// @param transport `epoll` or `nio`
record EventLoops(EventLoopGroup group, Class<? extends ServerChannel> listener, String transport) {

    /// Set to `nio`, this system property keeps the system's own sockets from being used.
    private static final String PROPERTY = "fanfare.transport";

    static EventLoops open() {
        boolean epoll = !"nio".equals(System.getProperty(PROPERTY)) && Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(
                Runtime.getRuntime().availableProcessors(), new DefaultThreadFactory("fanfare-loop"), handlers);
        return new EventLoops(
                group, epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class, epoll ? "epoll" : "nio");
    }
}
