package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A handler of the application that wants the publisher's thread, when the publisher is a client.
class CallerDispatchTest {

    private static final String PUBLISH =
            "{\"type\":\"publish\",\"topic\":\"chat\",\"message\":{\"payload\":1},\"request_id\":\"p\"}";

    @Test
    void aHandlerThatBlocksKeepsTheServersThreadsFree() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        List<Long> handled = new CopyOnWriteArrayList<>();
        Broker broker = Broker.open();
        try (RunningServer server = RunningServer.with(broker, "event-loops=1");
                WireClient client = server.connect()) {
            broker.createTopic("chat");
            broker.subscription("chat").dispatch(Dispatch.caller()).handle(message -> {
                thread.complete(Thread.currentThread());
                open.await();
                handled.add(message.offset());
            });
            client.send(PUBLISH).send(PUBLISH);
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            assertThat(thread.get(20, TimeUnit.SECONDS).isVirtual()).isTrue();
            assertThat(server.get("/health").status()).isEqualTo(200);
        } finally {
            open.countDown();
            broker.close();
        }
        assertThat(handled).containsExactly(0L, 1L);
    }
}
