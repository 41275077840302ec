import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;

/// Service discovery: each service announces itself again and again, with a time to live. Who looks for services
/// hears those whose announcement still counts; one that says nothing more is forgotten:
/// `./fanfare example ServiceDiscovery`
///
/// Time is moved by hand here, so that nobody has to wait.
///
/// prints: at first: [billing at 10.0.0.1, search at 10.0.0.2]
/// prints: 20 s later, billing has crashed: [search at 10.0.0.2]
/// prints: billing is back: [billing at 10.0.0.9, search at 10.0.0.2]
void main() {
    var timers = new VirtualTimers();
    var config = BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(1));
    try (var broker = Broker.open(config)) {
        announce(broker, "billing", "10.0.0.1");
        announce(broker, "search", "10.0.0.2");
        IO.println("at first: " + services(broker));

        timers.advance(Duration.ofSeconds(10));
        announce(broker, "search", "10.0.0.2");
        timers.advance(Duration.ofSeconds(10));
        IO.println("20 s later, billing has crashed: " + services(broker));

        announce(broker, "billing", "10.0.0.9");
        IO.println("billing is back: " + services(broker));
    }
}

/// A service says where it is, every 10 s; one announcement may get lost.
void announce(Broker broker, String service, String address) {
    broker.publish("services." + service, Message.text(address).withTtl(Duration.ofSeconds(15)));
}

/// The newest announcement of every service that still counts.
List<String> services(Broker broker) {
    var found = new TreeSet<String>();
    broker.subscription("services.*")
            .start(Start.earliest())
            .dispatch(Dispatch.caller())
            .handle(message -> found.add(message.topic().substring("services.".length()) + " at " + message.text()))
            .close();
    return List.copyOf(found);
}
