import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.TopicConfig;

/// Patterns, and every way to begin before now: `./fanfare example Replay`
///
/// Each topic here keeps its newest three messages. The caller's thread is used so that the lines come in one order.
///
/// prints: last 2: news.sport #3 goal 3
/// prints: last 2: news.sport #4 goal 4
/// prints: everything kept: news.sport #2 goal 2
/// prints: everything kept: news.sport #3 goal 3
/// prints: everything kept: news.sport #4 goal 4
/// prints: everything kept: news.weather #0 sunny
/// prints: resumed after 3: news.sport #4 goal 4
/// prints: recovered: true
/// prints: resumed after 0: news.sport #2 goal 2
/// prints: resumed after 0: news.sport #3 goal 3
/// prints: resumed after 0: news.sport #4 goal 4
/// prints: recovered: false
/// prints: live, a topic made later: news.eu.politics #0 an election
void main() {
    var keepThree = BrokerConfig.defaults().withTopics(TopicConfig.defaults().withHistory(3));
    try (var broker = Broker.open(keepThree)) {
        for (int i = 0; i < 5; i++) {
            broker.publish("news.sport", "goal " + i);
        }
        broker.publish("news.weather", "sunny");

        read(broker, "last 2", "news.sport", Start.lastN(2)).close();
        read(broker, "everything kept", "news.*", Start.earliest()).close();

        var epoch = broker.topic("news.sport").orElseThrow().epoch();
        var whole = read(broker, "resumed after 3", "news.sport", new Start.After(new Position(epoch, 3)));
        IO.println("recovered: " + whole.recovered());
        whole.close();

        // Offset 1 was forgotten meanwhile: what is left comes, and it is not passed off as whole.
        var partial = read(broker, "resumed after 0", "news.sport", new Start.After(new Position(epoch, 0)));
        IO.println("recovered: " + partial.recovered());
        partial.close();

        read(broker, "live, a topic made later", "news.**", Start.latest());
        broker.publish("news.eu.politics", "an election");
    }
}

Subscription read(Broker broker, String title, String pattern, Start start) {
    return broker.subscription(pattern)
            .start(start)
            .dispatch(Dispatch.caller())
            .handle(message -> IO.println(title + ": " + place(message) + " " + message.text()));
}

String place(Message message) {
    return message.topic() + " #" + message.offset();
}
