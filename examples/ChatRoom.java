import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Start;
import dev.fanfare.Subscription;

/// A chat room: who joins hears the last two lines, then what is said; who leaves hears nothing more:
/// `./fanfare example ChatRoom`
///
/// The caller's thread is used so that the lines come in one order.
///
/// prints: to ann: ann: is anybody here?
/// prints: to ann: bob: I am
/// prints: to bob: bob: I am
/// prints: to cat: ann: is anybody here?
/// prints: to cat: bob: I am
/// prints: to ann: cat: hello all
/// prints: to bob: cat: hello all
/// prints: to cat: cat: hello all
/// prints: to bob: cat: bye, ann
/// prints: to cat: cat: bye, ann
void main() {
    try (var broker = Broker.open()) {
        var ann = join(broker, "ann", 0);
        say(broker, "ann", "is anybody here?");
        join(broker, "bob", 0);
        say(broker, "bob", "I am");
        join(broker, "cat", 2);
        say(broker, "cat", "hello all");
        ann.close();
        say(broker, "cat", "bye, ann");
    }
}

Subscription join(Broker broker, String name, int history) {
    return broker.subscription("rooms.lobby")
            .name(name)
            .start(Start.lastN(history))
            .dispatch(Dispatch.caller())
            .handle(message -> IO.println("to " + name + ": " + message.text()));
}

void say(Broker broker, String name, String line) {
    broker.publish("rooms.lobby", name + ": " + line);
}
