import dev.fanfare.Broker;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;

/// Delivery strategies, swapped while messages flow: `./fanfare example DeliveryStrategies`
///
/// A publisher sends 100,000 messages while the subscription's strategy changes again and again. The strategy decides
/// when the subscriber is woken, never what it gets: nothing is lost, repeated or reordered.
///
/// prints: 100000 messages, each once and in order: true
/// prints: in fewer calls than messages: true
void main() throws InterruptedException {
    int messages = 100_000;
    var done = new CountDownLatch(1);
    var next = new AtomicLong();
    var calls = new AtomicLong();
    var inOrder = new AtomicBoolean(true);
    try (var broker = Broker.open()) {
        var subscription = broker.subscription("ticks").handleBatch(batch -> {
            calls.incrementAndGet();
            for (Message message : batch) {
                if (message.offset() != next.getAndIncrement()) {
                    inOrder.set(false);
                }
            }
            if (next.get() == messages) {
                done.countDown();
            }
        });
        var strategies = List.of(
                DeliveryStrategy.batched(64, Duration.ofMillis(5)),
                DeliveryStrategy.immediate(),
                DeliveryStrategy.batched(500, Duration.ofMillis(1)));
        for (int i = 0; i < messages; i++) {
            if (i % 10_000 == 0) {
                subscription.delivery(strategies.get(i / 10_000 % strategies.size()));
            }
            broker.publish("ticks", "" + i);
        }
        done.await();
    }
    IO.println(next + " messages, each once and in order: " + inOrder);
    IO.println("in fewer calls than messages: " + (calls.get() < messages));
}
