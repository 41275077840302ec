package dev.fanfare.server.flight;

import dev.fanfare.server.Dialect;
import java.util.Locale;

/// Puts the comings and goings of connections, and what they read of the past, into recordings. Any thread.
public final class ConnectionFlight {

    private ConnectionFlight() {}

    /// What a connection did in its life.
    ///
    /// @param nanos how long it was open
    /// @param sent bytes
    public record Life(long nanos, long published, long refused, long dropped, long sent) {}

    /// A connection was opened.
    public static void opened(String connection, Dialect dialect, Object peer) {
        var event = new FlightEvents.ConnectionOpened();
        if (event.isEnabled()) {
            event.connection = connection;
            event.dialect = dialect.name().toLowerCase(Locale.ROOT);
            event.peer = String.valueOf(peer);
            event.commit();
        }
    }

    /// A connection is gone.
    public static void closed(String connection, String reason, Life life) {
        var event = new FlightEvents.ConnectionClosed();
        if (event.isEnabled()) {
            event.connection = connection;
            event.reason = reason;
            event.openFor = life.nanos();
            event.published = life.published();
            event.refused = life.refused();
            event.dropped = life.dropped();
            event.sent = life.sent();
            event.commit();
        }
    }

    /// A subscription that reads what was kept.
    public static final class Replaying {
        private final FlightEvents.Replay event = new FlightEvents.Replay();

        /// It begins.
        ///
        /// @param topic its name or pattern
        public Replaying(String topic) {
            event.topic = topic;
            event.begin();
        }

        /// So many messages more.
        public void read(int messages) {
            event.messages += messages;
        }

        /// It has caught up.
        public void done() {
            event.commit();
        }

        /// Its subscription has ended before it has caught up.
        public void cut() {
            event.cut = true;
            event.commit();
        }
    }
}
