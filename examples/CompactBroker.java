/// The core idea of Fanfare in one file, without Fanfare: `./fanfare example CompactBroker`, or just
/// `java examples/CompactBroker.java`
///
/// A message is appended once. Everything that reads is a cursor: the number of the next message to read. So a
/// subscriber costs a number and not a queue, replay is a cursor set back, and a message is never copied, however many
/// read it. What the real one adds to this is in docs/GUIDE.md.
///
/// prints: live: #0 first
/// prints: live: #1 second
/// prints: late: #0 first
/// prints: late: #1 second
/// prints: live: #2 third
/// prints: late: #2 third
/// prints: slow lost 2 and goes on with #3 d
/// prints: slow: #4 e
/// prints: attempt 1 at #0 fails
/// prints: attempt 2 at #0 succeeds
/// prints: one log of 5 messages, read by 4 cursors
void main() {
    var log = new Log(5);
    log.append("first");
    log.append("second");
    var live = new Cursor(log, 0);
    live.drain(message -> IO.println("live: " + message));

    // Who comes late is a cursor that begins at the beginning.
    var late = new Cursor(log, 0);
    late.drain(message -> IO.println("late: " + message));

    log.append("third");
    live.drain(message -> IO.println("live: " + message));
    late.drain(message -> IO.println("late: " + message));

    // Retention: a log keeps so many. A cursor that was overtaken jumps, and knows how many it lost.
    var prices = new Log(2);
    var slow = new Cursor(prices, 1);
    for (var price : List.of("a", "b", "c", "d", "e")) {
        prices.append(price);
    }
    slow.next().ifPresent(message -> IO.println("slow lost " + slow.lost() + " and goes on with " + message));
    slow.drain(message -> IO.println("slow: " + message));

    // At least once: the cursor moves when the work is done, so what fails is read again.
    var worker = new Cursor(log, 0);
    var attempts = new AtomicInteger();
    while (attempts.get() < 2) {
        worker.tryNext(message -> {
            var fails = attempts.incrementAndGet() == 1;
            IO.println("attempt " + attempts + " at #" + message.offset() + (fails ? " fails" : " succeeds"));
            return !fails;
        });
    }
    log.append("fourth");
    log.append("fifth");
    IO.println("one log of " + log.end() + " messages, read by 4 cursors");
}

/// A message with its place.
record Entry(long offset, String text) {
    @Override
    public String toString() {
        return "#" + offset + " " + text;
    }
}

/// What was published, in order: one writer at a time, any number of readers.
static final class Log {
    private final ArrayDeque<Entry> kept = new ArrayDeque<>();
    private final int capacity;
    private long end;

    /// @param capacity how many of the newest messages are kept
    Log(int capacity) {
        this.capacity = capacity;
    }

    /// The whole critical section of publishing: a number, an append, and forgetting the oldest. No subscriber is
    /// called in here, so none can delay it.
    synchronized long append(String text) {
        kept.addLast(new Entry(end, text));
        if (kept.size() > capacity) {
            kept.removeFirst();
        }
        return end++;
    }

    /// The offset that the next message gets.
    synchronized long end() {
        return end;
    }

    /// The message with this offset, or the oldest kept after it; empty when there is none yet.
    synchronized Optional<Entry> read(long offset) {
        return kept.stream().filter(entry -> entry.offset() >= offset).findFirst();
    }
}

/// One subscriber: where it is in the log. Not for several threads at once.
static final class Cursor {
    private final Log log;
    private long next;
    private long lost;

    Cursor(Log log, long from) {
        this.log = log;
        this.next = from;
    }

    /// How many were forgotten before they could be read: the gap in the offsets. Never silent.
    long lost() {
        return lost;
    }

    /// At most once: it moves before anybody has seen the message.
    Optional<Entry> next() {
        var entry = log.read(next);
        entry.ifPresent(this::moveBehind);
        return entry;
    }

    /// At least once: it moves when the work is done.
    void tryNext(Predicate<Entry> work) {
        log.read(next).filter(work).ifPresent(this::moveBehind);
    }

    void drain(Consumer<Entry> handler) {
        for (var entry = next(); entry.isPresent(); entry = next()) {
            handler.accept(entry.get());
        }
    }

    private void moveBehind(Entry entry) {
        lost += entry.offset() - next;
        next = entry.offset() + 1;
    }
}
