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
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/// The event loops of a server and the sockets that go with them: the system's own where their library loads, else
/// those of the JDK.
///
/// @param transport `epoll` or `nio`
/// @param threads those of the loops, filled as they start
record EventLoops(
        EventLoopGroup group, Class<? extends ServerChannel> listener, String transport, Collection<Thread> threads) {

    private static final Duration END = Duration.ofSeconds(5);

    /// Set to `nio`, this system property keeps the system's own sockets from being used.
    private static final String PROPERTY = "fanfare.transport";

    /// @param wanted how many; half as many as there are cores if nothing is said: on few cores, more of them only wake
    /// each other
    static EventLoops open(Optional<Integer> wanted) {
        boolean epoll = !"nio".equals(System.getProperty(PROPERTY)) && Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        Collection<Thread> threads = new ConcurrentLinkedQueue<>();
        ThreadFactory named = new DefaultThreadFactory("fanfare-loop");
        ThreadFactory noted = loop -> {
            Thread thread = named.newThread(loop);
            threads.add(thread);
            return thread;
        };
        int loops = wanted.orElse(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(loops, noted, handlers);
        Class<? extends ServerChannel> listener = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        return new EventLoops(group, listener, epoll ? "epoll" : "nio", threads);
    }

    /// Ends the loops, and waits until their threads have: Netty says that a loop has ended a moment before its
    /// thread does.
    void close() {
        group.shutdownGracefully(0, END.toMillis(), TimeUnit.MILLISECONDS).awaitUninterruptibly();
        try {
            for (Thread thread : threads) {
                thread.join(END);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
