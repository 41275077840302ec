import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;

/// Configuration that changes while programs run: a topic per setting that keeps one message, the value. Who starts
/// gets all values first, then each change: `./fanfare example ConfigurationUpdates`
///
/// prints: at the start: {log.level=debug, pool.size=10}
/// prints: changed: pool.size = 20
/// prints: new: cache.ttl = 60s
/// prints: now: {cache.ttl=60s, log.level=debug, pool.size=20}
void main() {
    var keepOne = BrokerConfig.defaults().withTopics(TopicConfig.defaults().withHistory(1));
    try (var broker = Broker.open(keepOne)) {
        broker.publish("config/log.level", "info");
        broker.publish("config/pool.size", "10");
        broker.publish("config/log.level", "debug");

        var settings = new TreeMap<String, String>();
        var started = new AtomicBoolean();
        broker.subscription("config/*")
                .start(Start.earliest())
                .dispatch(Dispatch.caller())
                .handle(message -> {
                    var name = message.topic().substring("config/".length());
                    var before = settings.put(name, message.text());
                    if (started.get()) {
                        IO.println((before == null ? "new: " : "changed: ") + name + " = " + message.text());
                    }
                });
        IO.println("at the start: " + settings);
        started.set(true);

        broker.publish("config/pool.size", "20");
        broker.publish("config/cache.ttl", "60s");
        IO.println("now: " + settings);
    }
}
