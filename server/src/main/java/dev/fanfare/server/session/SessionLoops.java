package dev.fanfare.server.session;

import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.feed.Loop;
import dev.fanfare.server.limits.Pressure;
import dev.fanfare.time.Timers;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.function.Supplier;

/// The server's event loops and what their sessions share. Any thread.
public final class SessionLoops {

    private static final Duration TICK_SHORTEST = Duration.ofMillis(50);
    private static final Duration TICK_LONGEST = Duration.ofSeconds(3);

    private final IdentityHashMap<EventLoop, SessionLoop> loops = new IdentityHashMap<>();

    /// The loops of a group.
    ///
    /// @param config what the server runs with now
    public SessionLoops(EventExecutorGroup group, Supplier<ServerConfig> config, Timers timers, Pressure pressure) {
        Supplier<StandardCodec.MessageIds> ids = () -> switch (config.get().messageIds()) {
            case UUID -> StandardCodec.MessageIds.UUID;
            case ANY -> StandardCodec.MessageIds.ANY;
        };
        for (EventExecutor executor : group) {
            EventLoop loop = (EventLoop) executor;
            SessionLoop sessions = new SessionLoop(
                    new Loop(loop), () -> tick(config.get()).toMillis(), timers, ids, JsonScanner.DEPTH_MAX, pressure);
            loops.put(loop, sessions);
            if (executor instanceof SingleThreadEventExecutor ending) {
                // The timer that would give these buffers back ends with the loop.
                ending.addShutdownHook(sessions.replaySlices()::clear);
            }
        }
    }

    /// Often enough for the shortest time limit that is looked after, and never more often than is cheap.
    private static Duration tick(ServerConfig config) {
        Duration shortest = config.delivery().heartbeat();
        if (config.network().flatPort().isPresent()
                && config.flat().slowSendTimeout().compareTo(shortest) < 0) {
            shortest = config.flat().slowSendTimeout();
        }
        Duration tick = shortest.dividedBy(10);
        if (tick.compareTo(TICK_SHORTEST) < 0) {
            return TICK_SHORTEST;
        }
        return tick.compareTo(TICK_LONGEST) > 0 ? TICK_LONGEST : tick;
    }

    /// What the sessions of this loop share.
    public SessionLoop of(EventLoop loop) {
        SessionLoop found = loops.get(loop);
        if (found == null) {
            throw new IllegalArgumentException(loop + " is not one of the server's event loops");
        }
        return found;
    }
}
