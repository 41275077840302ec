import dev.fanfare.Broker;
import dev.fanfare.Message;

/// The library in ten lines: `./fanfare example QuickStart`
///
/// prints: orders.eu #0: first
/// prints: orders.eu #1: {"total": 12.5}
/// prints: orders.us #0: second
void main() {
    // region quick-start
    try (var broker = Broker.open()) {
        broker.subscribe("orders.*", message ->
                IO.println(message.topic() + " #" + message.offset() + ": " + message.text()));

        var orders = broker.publisher("orders.eu");
        orders.publish("first");
        orders.publish(Message.json("{\"total\": 12.5}").withType("order.created").withKey("customer-7"));

        broker.publish("orders.us", "second");
    } // closing lets the subscription finish what was published
    // endregion
}
