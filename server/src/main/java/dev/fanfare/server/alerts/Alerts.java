package dev.fanfare.server.alerts;

import dev.fanfare.Broker;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.metrics.MetricSample;
import dev.fanfare.time.Timers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares figures with thresholds every few seconds, on a thread of its own, and tells the log, the topic `$alerts`
/// and the webhook what is beyond one for long enough, and that it is over. What it can't tell disturbs nothing. Any
/// thread.
public final class Alerts implements AutoCloseable {

    /// The topic that is told.
    public static final String TOPIC = "$alerts";

    private static final int HISTORY = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger("fanfare.alerts");

    private final Broker broker;
    private final Timers timers;
    private final Supplier<AlertConfig> config;
    private final Webhook webhook;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Look last;
    private volatile Timers.@Nullable Timer next;

    // Of the thread that looks: one at a time.
    private final Map<AlertRule, Watch> watches = new LinkedHashMap<>();

    /// What was found.
    ///
    /// @param atMillis when the figures were looked at
    /// @param alerts those that fire before those that wait
    /// @param leftOut figures that were not looked at, by the rule that has too many
    public record Look(long atMillis, List<Alert> alerts, Map<String, Integer> leftOut) {}

    /// Nothing is watched yet.
    ///
    /// @param config what is to be watched now
    public Alerts(Broker broker, Supplier<AlertConfig> config) {
        this.broker = broker;
        this.timers = broker.timers();
        this.config = config;
        this.webhook = new Webhook(timers);
    }

    /// Begins to look.
    ///
    /// @param figures those of some names; may take its time
    public void begin(Function<Set<String>, List<MetricSample>> figures) {
        if (!config.get().rules().isEmpty()) {
            topic();
        }
        schedule(figures);
    }

    /// What is watched now.
    public List<AlertRule> rules() {
        return config.get().rules();
    }

    /// What was found last; empty when nobody has looked yet.
    public Optional<Look> last() {
        return Optional.ofNullable(last);
    }

    /// How many figures are beyond the threshold of each rule for long enough, by its name.
    public Map<String, Long> firing() {
        Map<String, Long> firing = new TreeMap<>();
        rules().forEach(rule -> firing.put(rule.name(), 0L));
        last().ifPresent(look -> look.alerts.stream()
                .filter(alert -> alert.state() == Alert.State.FIRING)
                .forEach(alert -> firing.computeIfPresent(alert.rule().name(), (_, count) -> count + 1)));
        return firing;
    }

    /// How many messages the webhook did not take.
    public long webhookFailures() {
        return webhook.failures();
    }

    private void schedule(Function<Set<String>, List<MetricSample>> figures) {
        if (!closed.get()) {
            next = timers.schedule(
                    config.get().period(),
                    () -> Thread.ofVirtual().name("fanfare-alerts").start(() -> turn(figures)));
        }
    }

    private void turn(Function<Set<String>, List<MetricSample>> figures) {
        Look found = null;
        try {
            found = look(figures);
        } catch (RuntimeException | Error failed) {
            if (!closed.get() && !broker.isClosed()) {
                LOG.error("Figures could not be compared with thresholds: a bug", failed);
            }
        }
        schedule(figures);
        if (found != null) {
            last = found; // who waits for it may move the clock at once
        }
    }

    private Look look(Function<Set<String>, List<MetricSample>> figures) {
        List<AlertRule> rules = rules();
        watches.values().removeIf(watch -> {
            boolean gone = !rules.contains(watch.rule());
            if (gone) {
                watch.end(this::tell);
            }
            return gone;
        });
        long nanos = timers.nanoTime();
        long millis = timers.currentTimeMillis();
        if (rules.isEmpty()) {
            return new Look(millis, List.of(), Map.of());
        }
        List<MetricSample> samples =
                figures.apply(rules.stream().map(AlertRule::metric).collect(Collectors.toSet()));
        List<Alert> firing = new ArrayList<>();
        List<Alert> pending = new ArrayList<>();
        Map<String, Integer> leftOut = new TreeMap<>();
        for (AlertRule rule : rules) {
            Watch watch = watches.get(rule);
            boolean begins = watch == null;
            if (watch == null) {
                watch = new Watch(rule);
                watches.put(rule, watch);
            }
            int before = watch.leftOut();
            watch.look(samples, nanos, millis, this::tell);
            complain(watch, begins, before);
            if (watch.leftOut() > 0) {
                leftOut.put(rule.name(), watch.leftOut());
            }
            for (Alert alert : watch.alerts()) {
                (alert.state() == Alert.State.FIRING ? firing : pending).add(alert);
            }
        }
        firing.addAll(pending);
        return new Look(millis, List.copyOf(firing), Map.copyOf(leftOut));
    }

    private static void complain(Watch watch, boolean begins, int leftOutBefore) {
        if (begins && !watch.hasSeenAny()) {
            LOG.warn(
                    "alert {}: there is no metric {} now; it is watched as soon as there is (docs/metrics.md lists them)",
                    watch.rule().name(),
                    watch.rule().metric());
        }
        if (watch.leftOut() > 0 && leftOutBefore == 0) {
            LOG.warn(
                    "alert {}: {} has more than {} series; {} of them are not watched: narrow it down by labels, or sum",
                    watch.rule().name(),
                    watch.rule().metric(),
                    Watch.MAX_SERIES,
                    watch.leftOut());
        }
    }

    private void tell(Alert alert) {
        AlertRule rule = alert.rule();
        if (alert.state() == Alert.State.FIRING) {
            LOG.warn(
                    "alert {} fires: {}{} is {}, {} {}",
                    rule.name(),
                    rule.metric(),
                    alert.labelText(),
                    alert.value(),
                    rule.above() ? "above" : "below",
                    rule.threshold());
        } else {
            LOG.info("alert {} is resolved: {}{} is {}", rule.name(), rule.metric(), alert.labelText(), alert.value());
        }
        byte[] json = alert.json();
        publish(new String(json, StandardCharsets.UTF_8));
        config.get().webhook().ifPresent(address -> webhook.send(address, json));
    }

    private void publish(String json) {
        if (topic()) {
            broker.publishAsync(TOPIC, Message.json(json)).thenAccept(result -> {
                if (result instanceof PublishResult.Refused refused) {
                    LOG.debug("the topic {} did not take an alert: {}", TOPIC, refused.reason());
                }
            });
        }
    }

    private boolean topic() {
        try {
            if (broker.topic(TOPIC).isEmpty()) {
                broker.createTopic(TOPIC, TopicConfig.defaults().withHistory(HISTORY));
            }
            return true;
        } catch (FanfareException refused) {
            LOG.debug("the topic {} can't be made: {}", TOPIC, refused.getMessage());
            return false;
        }
    }

    /// Looks no more, and tells nobody anything.
    @Override
    public void close() {
        closed.set(true);
        Timers.Timer waiting = next;
        if (waiting != null) {
            waiting.cancel();
        }
        webhook.close();
    }
}
