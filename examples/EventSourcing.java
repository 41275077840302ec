import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.Start;

/// Event sourcing: what happened is the truth, a balance is what follows from it. It is rebuilt by replaying the
/// events, or from a snapshot and the events after it: `./fanfare example EventSourcing`
///
/// prints: live: 70
/// prints: replayed: 70
/// prints: snapshot of 100 after #0, replayed from there: 70, nothing lost: true
/// prints: another view of the same events, made later: [opened, withdrawn, deposited]
void main() {
    try (var broker = Broker.open()) {
        var live = new Account();
        broker.subscription("accounts.7").dispatch(Dispatch.caller()).handle(live::apply);
        broker.publish("accounts.7", Message.text("100").withType("opened"));
        var snapshot = new Account(live.balance, live.last);
        broker.publish("accounts.7", Message.text("50").withType("withdrawn"));
        broker.publish("accounts.7", Message.text("20").withType("deposited"));
        IO.println("live: " + live.balance);

        var replayed = new Account();
        broker.subscription("accounts.7")
                .start(Start.earliest())
                .dispatch(Dispatch.caller())
                .handle(replayed::apply);
        IO.println("replayed: " + replayed.balance);

        var from = snapshot.balance + " after #" + snapshot.last;
        var epoch = broker.topic("accounts.7").orElseThrow().epoch();
        var resumed = broker.subscription("accounts.7")
                .start(new Start.After(new Position(epoch, snapshot.last)))
                .dispatch(Dispatch.caller())
                .handle(snapshot::apply);
        IO.println("snapshot of " + from + ", replayed from there: " + snapshot.balance + ", nothing lost: "
                + resumed.recovered());

        var kinds = new ArrayList<String>();
        broker.subscription("accounts.*")
                .start(Start.earliest())
                .dispatch(Dispatch.caller())
                .handle(event -> kinds.add(event.type()));
        IO.println("another view of the same events, made later: " + kinds);
    }
}

/// What follows from the events so far.
static final class Account {
    long balance;
    long last;

    Account() {
        this(0, -1);
    }

    Account(long balance, long last) {
        this.balance = balance;
        this.last = last;
    }

    void apply(Message event) {
        var amount = Long.parseLong(event.text());
        balance += "withdrawn".equals(event.type()) ? -amount : amount;
        last = event.offset();
    }
}
