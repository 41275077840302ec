import dev.fanfare.Broker;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;

/// A saga: an order takes three steps at three services, each a command with one handler and a reply. When a step
/// fails, what was done before is undone in reverse order: `./fanfare example OrderSaga`
///
/// prints: order 1: stock.reserve -> reserved 2 pens
/// prints: order 1: payment.charge -> charged 4 EUR
/// prints: order 1: shipping.book -> tomorrow
/// prints: order 1: COMPLETED
/// prints: order 2: stock.reserve -> reserved 900 pens
/// prints: order 2: payment.charge -> FAILED
/// prints: order 2: undo stock.release -> released 900 pens
/// prints: order 2: CANCELLED
void main() {
    try (var broker = Broker.open()) {
        broker.onCommand("stock.reserve", command -> Message.text("reserved " + command.text() + " pens"));
        broker.onCommand("stock.release", command -> Message.text("released " + command.text() + " pens"));
        broker.onCommand("payment.charge", command -> {
            int euros = Integer.parseInt(command.text()) * 2;
            if (euros > 1_000) {
                throw new IllegalArgumentException("the card does not cover " + euros + " EUR");
            }
            return Message.text("charged " + euros + " EUR");
        });
        broker.onCommand("payment.refund", command -> Message.text("refunded"));
        broker.onCommand("shipping.book", command -> Message.text("tomorrow"));

        order(broker, "order 1", "2");
        order(broker, "order 2", "900");
    }
}

/// A step, and what undoes it.
record Step(String command, String compensation) {}

void order(Broker broker, String order, String pens) {
    var done = new ArrayDeque<Step>();
    for (var step : List.of(
            new Step("stock.reserve", "stock.release"),
            new Step("payment.charge", "payment.refund"),
            new Step("shipping.book", "shipping.cancel"))) {
        try {
            IO.println(order + ": " + step.command() + " -> " + ask(broker, step.command(), pens));
            done.push(step);
        } catch (CompletionException failed) {
            IO.println(order + ": " + step.command() + " -> " + code(failed));
            done.forEach(each ->
                    IO.println(order + ": undo " + each.compensation() + " -> " + ask(broker, each.compensation(), pens)));
            IO.println(order + ": CANCELLED");
            return;
        }
    }
    IO.println(order + ": COMPLETED");
}

/// The reply to a command. `NO_RESPONDERS` would come at once, `TIMEOUT` after five seconds.
String ask(Broker broker, String command, String text) {
    return broker.request(command, Message.text(text), Duration.ofSeconds(5)).join().text();
}

String code(CompletionException failed) {
    return failed.getCause() instanceof FanfareException why ? why.code().name() : String.valueOf(failed.getCause());
}
