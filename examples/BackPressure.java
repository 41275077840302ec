import dev.fanfare.Broker;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Subscription;

/// What happens when a subscriber is slower than its topic: `./fanfare example BackPressure`
///
/// prints: drop oldest: 100 published, every one delivered or counted as dropped: true
/// prints: refuse: BACKPRESSURE
/// prints: block: BACKPRESSURE after 50 ms, and accepted once there is room
/// prints: disconnect: ended with SLOW_CONSUMER
void main() throws InterruptedException {
    try (var broker = Broker.open()) {
        dropOldest(broker);
        refuse(broker);
        block(broker);
        disconnect(broker);
    }
}

/// The subscriber goes on with the newest messages; what it lost is counted.
void dropOldest(Broker broker) throws InterruptedException {
    var gate = new CountDownLatch(1);
    var last = new CountDownLatch(1);
    var subscription = slow(broker, "ticks", Overflow.dropOldest(), gate, text -> {
        if (text.equals("99")) {
            last.countDown();
        }
    });
    for (int i = 0; i < 100; i++) {
        broker.publish("ticks", "" + i);
    }
    gate.countDown();
    last.await();
    subscription.close();
    IO.println("drop oldest: 100 published, every one delivered or counted as dropped: "
            + (subscription.delivered() + subscription.dropped() == 100));
}

/// The publisher is told at once, and nobody gets the message.
void refuse(Broker broker) {
    var gate = new CountDownLatch(1);
    slow(broker, "orders", Overflow.refuse(), gate, _ -> {});
    PublishResult result;
    do {
        result = broker.publish("orders", "one more");
    } while (result instanceof PublishResult.Accepted);
    if (result instanceof PublishResult.Refused refused) {
        IO.println("refuse: " + refused.code());
    }
    gate.countDown();
}

/// The publisher waits for room, but no longer than it was told to.
void block(Broker broker) {
    var gate = new CountDownLatch(1);
    slow(broker, "jobs", Overflow.block(Duration.ofMillis(50)), gate, _ -> {});
    PublishResult result;
    do {
        result = broker.publish("jobs", "one more");
    } while (result instanceof PublishResult.Accepted);
    if (result instanceof PublishResult.Refused refused) {
        gate.countDown();
        while (broker.publish("jobs", "again") instanceof PublishResult.Refused) {
            Thread.onSpinWait();
        }
        IO.println("block: " + refused.code() + " after 50 ms, and accepted once there is room");
    }
}

/// The subscription ends and knows why.
void disconnect(Broker broker) throws InterruptedException {
    var gate = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    broker.subscription("alerts")
            .queue(4)
            .overflow(Overflow.disconnect())
            .onEnd(why -> {
                IO.println("disconnect: ended with " + why);
                ended.countDown();
            })
            .handle(_ -> gate.await());
    for (int i = 0; i < 10; i++) {
        broker.publish("alerts", "fire");
    }
    gate.countDown();
    ended.await();
}

/// A subscription with a queue of four whose handler waits until the gate opens.
Subscription slow(Broker broker, String topic, Overflow overflow, CountDownLatch gate, Consumer<String> handler) {
    return broker.subscription(topic).queue(4).overflow(overflow).handle(message -> {
        gate.await();
        handler.accept(message.text());
    });
}
