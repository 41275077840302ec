package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Many readers that stop, and a publisher that does not: the server's direct memory stays below a bound that has
/// nothing to do with how much is published.
@ExtendWith(NoLeaks.class)
class SlowReadersMemoryTest {

    private static final int RECEIVE_BUFFER = 8 * 1024;
    private static final int SLOW = 20;
    private static final int MESSAGES = 800;
    private static final String BIG = "\"" + "x".repeat(60 * 1024) + "\"";

    /// A slice in flight for each, chunks for what may wait, and what the allocator keeps ready for its threads. 48 MiB
    /// are published; a copy of it for each would be 1 GiB.
    private static final long BOUND = 40L << 20;

    @Test
    void directMemoryIsBoundedAndTheOthersNoticeNothing() {
        try (RunningServer server = RunningServer.start("event-loops=2", "history=10")) {
            server.topic("flood");
            List<WireClient> slow = new ArrayList<>();
            try (WireClient publisher = server.connect();
                    WireClient healthy = server.connect();
                    WireClient healthyOfAll = server.connect()) {
                subscribe(healthy, "flood", "healthy");
                subscribe(healthyOfAll, "*", "healthy");
                for (int i = 0; i < SLOW; i++) {
                    WireClient one =
                            WireClient.tcp(server.port(), RECEIVE_BUFFER).upgrade("/ws");
                    subscribe(one, i % 2 == 0 ? "flood" : "*", "slow", ",\"queue\":" + (i < SLOW / 2 ? 10 : 100));
                    slow.add(one);
                }
                long before = directMemory();
                long most = 0;
                for (int i = 0; i < MESSAGES; i++) {
                    publishAcked(publisher, "flood", BIG);
                    assertThat(healthy.json().path("offset").intValue()).isEqualTo(i);
                    assertThat(healthyOfAll.json().path("offset").intValue()).isEqualTo(i);
                    most = Math.max(most, directMemory() - before);
                }

                assertThat(most).isLessThan(BOUND);
                server.checkServes();
                healthy.closeWithNothingLeft();
            } finally {
                slow.forEach(WireClient::close);
            }
        }
    }

    private static long directMemory() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }
}
