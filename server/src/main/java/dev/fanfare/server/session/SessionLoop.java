package dev.fanfare.server.session;

import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.FlatCodec;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.feed.Loop;
import dev.fanfare.server.feed.TextFrame;
import dev.fanfare.server.limits.Pressure;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// What the sessions of one event loop share: memory that each uses for the duration of one call, and one clock tick
/// for all of them.
public final class SessionLoop {

    private final Loop delivery;
    private final LongSupplier tickMillis;
    private final Timers timers;
    private final TextFrame frame = new TextFrame();
    private final ReplaySlices replaySlices;
    private final EventTexts eventTexts;
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private final Codec standard;
    private final Codec flat;
    private final List<Connection> connections = new ArrayList<>();
    private final Pressure pressure;
    private boolean ticking;
    private long told;

    /// @param tickMillis how often connections are looked after, as long as there are any, at the moment
    /// @param ids which ids messages may bring along now
    /// @param pressure is told how much waits
    /// @param depthMax how deep a request's JSON may be nested
    SessionLoop(
            Loop delivery,
            LongSupplier tickMillis,
            Timers timers,
            Supplier<StandardCodec.MessageIds> ids,
            int depthMax,
            Pressure pressure) {
        this.delivery = delivery;
        this.tickMillis = tickMillis;
        this.timers = timers;
        this.pressure = pressure;
        this.replaySlices = new ReplaySlices(delivery);
        this.eventTexts = new EventTexts(delivery);
        this.standard = new StandardCodec(ids, depthMax);
        this.flat = new FlatCodec(depthMax);
    }

    /// The loop's part in delivering.
    public Loop delivery() {
        return delivery;
    }

    /// What the connections of a transport share on this loop, made when it is first asked for.
    public <T> T shared(Class<T> kind, Supplier<T> making) {
        return kind.cast(shared.computeIfAbsent(kind, missing -> making.get()));
    }

    Codec codec(Dialect dialect) {
        return dialect == Dialect.FLAT ? flat : standard;
    }

    /// Replayed frames that several sessions may want.
    ReplaySlices replaySlices() {
        return replaySlices;
    }

    /// Events of which several acknowledged subscriptions make frames of their own.
    EventTexts eventTexts() {
        return eventTexts;
    }

    /// A frame to write an answer into; the one before is forgotten.
    TextFrame frame() {
        return frame;
    }

    /// Looks after a connection from now on.
    public void add(Connection connection) {
        connections.add(connection);
        if (!ticking) {
            ticking = true;
            scheduleTick();
        }
    }

    /// Looks after it no more.
    public void remove(Connection connection) {
        connections.remove(connection);
    }

    private void scheduleTick() {
        delivery.eventLoop().schedule(this::tick, tickMillis.getAsLong(), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        long now = timers.nanoTime();
        long waits = 0;
        // From the end: a connection may be removed by its own tick.
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (i < connections.size()) {
                Connection connection = connections.get(i);
                waits += connection.waitingBytes();
                connection.tick(now);
            }
        }
        if (connections.isEmpty()) {
            waits = 0;
        }
        pressure.waits(waits - told);
        told = waits;
        if (connections.isEmpty()) {
            ticking = false;
        } else {
            scheduleTick();
        }
    }
}
