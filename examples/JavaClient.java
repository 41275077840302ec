import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.client.Acknowledging;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Outgoing;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;

/// The Java client, over the network: a group that publishes for each order, puts one off and gives one up, and a
/// question that is answered: `./fanfare example JavaClient`
///
/// prints: order 1 is paid, at attempt 1
/// prints: order 2 is paid, at attempt 2
/// prints: given up: no such customer
/// prints: the price of a nut: 17
void main() throws InterruptedException {
    var paid = new LinkedBlockingQueue<String>();
    var givenUp = new CountDownLatch(1);
    try (var broker = Broker.open();
            var server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", "0")))) {
        broker.listen(event -> {
            if (event instanceof BrokerEvent.DeadLettered) {
                givenUp.countDown();
            }
        });
        for (var topic : List.of("orders", "paid", "price")) {
            broker.createTopic(topic);
        }
        try (var client = FanfareClient.open("http://127.0.0.1:" + server.port())) {
            client.subscribe("paid", event -> paid.add(event.text()));
            client.subscribe("orders", Acknowledging.group("payments"), delivery -> {
                String order = delivery.event().text();
                if (order.equals("order 3")) {
                    delivery.reject("no such customer");
                } else if (order.equals("order 2") && delivery.attempt() == 1) {
                    delivery.nack(Duration.ofMillis(10));
                } else {
                    delivery.publish("paid", order + " is paid, at attempt " + delivery.attempt());
                }
            }); // what was published for an order and its acknowledgement happen together or not at all

            for (int i = 1; i <= 3; i++) {
                client.publish("orders", "order " + i).join();
            }

            client.subscribe("price", question -> client.reply(question, Outgoing.json("17")));
            var price = client.request("price", Outgoing.text("nut"), Duration.ofSeconds(10)).join();
            IO.println(paid.take());
            IO.println(paid.take());
            givenUp.await();
            IO.println("given up: " + broker.deadLetters("orders").list(0, 1).getFirst().lastError());
            IO.println("the price of a nut: " + price.text());
        }
    }
}
