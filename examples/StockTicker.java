import dev.fanfare.Broker;
import dev.fanfare.Filter;
import dev.fanfare.Message;

/// A stock ticker: subscriptions that want some of the messages say so with a filter, by type, by header or by a
/// condition. Each distinct filter runs once per message, whoever uses it: `./fanfare example StockTicker`
///
/// prints: trades: 3
/// prints: from Frankfurt: 2
/// prints: above 100: ACME 101.5, ACME 250
void main() {
    Filter expensive = message -> Double.parseDouble(message.text()) > 100;
    var trades = new AtomicInteger();
    var frankfurt = new AtomicInteger();
    var above = new ConcurrentLinkedQueue<String>();
    try (var broker = Broker.open()) {
        broker.subscription("ticks.*").types("trade").handle(message -> trades.incrementAndGet());
        broker.subscription("ticks.*")
                .filter(Filter.header("exchange", "Frankfurt"))
                .handle(message -> frankfurt.incrementAndGet());
        broker.subscription("ticks.ACME")
                .types("trade")
                .filter(expensive)
                .handle(message -> above.add("ACME " + message.text()));

        tick(broker, "ACME", "trade", "Frankfurt", "99.5");
        tick(broker, "ACME", "trade", "London", "101.5");
        tick(broker, "ACME", "quote", "London", "102");
        tick(broker, "ACME", "trade", "Frankfurt", "250");
    } // closing lets the subscriptions finish what was published
    IO.println("trades: " + trades);
    IO.println("from Frankfurt: " + frankfurt);
    IO.println("above 100: " + String.join(", ", above));
}

void tick(Broker broker, String share, String type, String exchange, String price) {
    broker.publish(
            "ticks." + share,
            Message.text(price).withType(type).withHeaders(Map.of("exchange", exchange)));
}
