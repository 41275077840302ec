package dev.fanfare.server.figures;

import dev.fanfare.Broker;
import dev.fanfare.BrokerStats;
import dev.fanfare.BrokerTotals;
import dev.fanfare.Topic;
import dev.fanfare.server.ServerContext;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads every second what all topics have done, and what those few have done that somebody looks at. It begins when
/// it is made, and ends when the server shuts down. Any thread but an event loop.
public final class Figures {

    /// So many topics are watched at a time.
    public static final int WATCHED_MAX = 32;

    /// Between two samples.
    public static final Duration INTERVAL = Duration.ofSeconds(1);

    /// A topic that nobody has asked about for so long is not watched any more.
    private static final Duration FORGOTTEN_AFTER = Duration.ofSeconds(30);

    private static final Logger LOG = LoggerFactory.getLogger(Figures.class);

    private final ServerContext server;
    private final Broker broker;
    private final Timers timers;
    private final Series all;
    private final Map<String, Watched> watched = new HashMap<>();

    private static final class Watched {
        private final Topic topic;
        private final Series series;
        private long askedNanos;

        Watched(Topic topic, Series series) {
            this.topic = topic;
            this.series = series;
        }
    }

    /// The figures of a server, from now on.
    public Figures(ServerContext server) {
        this.server = server;
        this.broker = server.broker();
        this.timers = broker.timers();
        this.all = new Series(readAll());
        next();
    }

    /// Of all topics together.
    public Series all() {
        return all;
    }

    /// Of one topic, which is watched from the first time that this is asked.
    ///
    /// @return empty when too many are watched already
    public Optional<Series> of(Topic topic) {
        Series.Reading begin = read(topic);
        synchronized (watched) {
            Watched known = watched.get(topic.name());
            if (known == null || known.topic != topic) {
                if (known == null && watched.size() == WATCHED_MAX) {
                    return Optional.empty();
                }
                known = new Watched(topic, new Series(begin));
                watched.put(topic.name(), known);
            }
            known.askedNanos = timers.nanoTime();
            return Optional.of(known.series);
        }
    }

    /// Looking takes longer than timers may: a thread does it, and the next turn begins when it is done.
    private void next() {
        timers.schedule(
                INTERVAL, () -> Thread.ofVirtual().name("fanfare-figures").start(this::turn));
    }

    private void turn() {
        if (server.draining() || broker.isClosed()) {
            return;
        }
        try {
            all.add(readAll());
            for (Watched each : stillWatched()) {
                each.series.add(read(each.topic));
            }
        } catch (RuntimeException | Error failed) {
            LOG.error("Figures could not be read: a bug", failed);
        }
        next();
    }

    private Iterable<Watched> stillWatched() {
        synchronized (watched) {
            long now = timers.nanoTime();
            watched.values()
                    .removeIf(each -> each.topic.deleted() || now - each.askedNanos >= FORGOTTEN_AFTER.toNanos());
            return watched.values().stream().toList();
        }
    }

    private Series.Reading readAll() {
        BrokerTotals totals = broker.figures().totals();
        return new Series.Reading(
                timers.nanoTime(),
                timers.currentTimeMillis(),
                totals.published(),
                totals.delivered(),
                totals.dropped(),
                broker.feeds().topics(),
                broker.feeds().subscriptions(),
                0,
                totals.latency());
    }

    private Series.Reading read(Topic topic) {
        BrokerStats.TopicStats stats = broker.figures().of(topic);
        return new Series.Reading(
                timers.nanoTime(),
                timers.currentTimeMillis(),
                stats.published(),
                stats.delivered(),
                stats.dropped(),
                1,
                stats.subscribers(),
                stats.queueDepth(),
                topic.counters().latencyCounts());
    }
}
