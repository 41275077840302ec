package dev.fanfare.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Message;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class MemoryTopicLogTest implements TopicLogContract {

    private final VirtualTimers timers = new VirtualTimers();
    private final HistoryBudget budget = new HistoryBudget(1 << 20);

    @Override
    public TopicLog newLog(Retention retention) {
        return new MemoryTopicLog("epoch1", retention, timers, budget);
    }

    @Override
    public void advanceMillis(long millis) {
        timers.advance(Duration.ofMillis(millis));
    }

    @Override
    public long nowMillis() {
        return timers.currentTimeMillis();
    }

    @Test
    void theBudgetKnowsWhatIsKept() {
        TopicLog one = newLog(new Retention(2, 1 << 20, 0));
        TopicLog two = roomyLog();
        add(one, "a", "b", "c");
        add(two, "d");
        assertThat(budget.used()).isEqualTo(one.bytes() + two.bytes());
        one.close();
        assertThat(budget.used()).isEqualTo(two.bytes());
        one.shrink(0);
        assertThat(budget.used()).isEqualTo(two.bytes());
    }

    @Test
    void readersSeeConsecutiveMessagesWhileTheWriterForgets() throws Exception {
        TopicLog log = newLog(new Retention(64, 1 << 20, 0));
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 500_000; i++) {
                add(log, "x");
            }
            done.set(true);
        });
        long position = 0;
        while (!done.get() || position < log.visible()) {
            List<Message> slice = log.read(position, 16, ALL);
            long expected = slice.isEmpty() ? position : slice.getFirst().offset();
            assertThat(expected).isGreaterThanOrEqualTo(position);
            for (Message message : slice) {
                if (message.offset() != expected++) {
                    throw new AssertionError("after " + (expected - 2) + " came " + message);
                }
            }
            position = expected;
        }
        writer.get(10, TimeUnit.SECONDS);
        assertThat(position).isEqualTo(500_000);
    }
}
