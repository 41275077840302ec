package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Publishing from several threads while connections break and are opened anew.
class ReconnectingPublishTest {

    private static final int PUBLISHERS = 3;

    /// As many as fit into the window, all together.
    private static final int MOST_EACH = 3_000;

    private static final int BREAKS = 10;

    private final ScriptedServer server = new ScriptedServer();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final FanfareClient client = FanfareClient.open(
            server.url(),
            ClientOptions.defaults()
                    .withWindow(10_000)
                    .withDelays(Duration.ofMillis(1), Duration.ofMillis(2))
                    .withNotices(notices::add));

    private final AtomicInteger published = new AtomicInteger();
    private final AtomicBoolean isBack = new AtomicBoolean();

    @AfterEach
    void close() throws Exception {
        server.close();
        client.close();
    }

    @Test
    void whatIsPublishedAsTheConnectionComesBackGoesOutOnceAndBehindWhatIsOlder() throws Exception {
        CompletableFuture<Published> last = publish();
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"request_id\":\"1\"");
        for (int i = 0; i < BREAKS; i++) {
            int unanswered = published.get();
            List<CompletableFuture<Void>> publishers = publishFromHandshakeOn();
            peer.drop();
            assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
            peer = server.nextPeer();
            assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.Reconnected.class);
            isBack.set(true);
            publishers.forEach(CompletableFuture::join);
            CompletableFuture<Published> lastButOne = publish();
            last = publish();
            List<Integer> heard = new ArrayList<>();
            while (heard.isEmpty() || heard.getLast() != published.get()) {
                heard.add(requestId(peer.take()));
            }
            assertThat(heard)
                    .containsExactlyElementsOf(IntStream.rangeClosed(unanswered, published.get())
                            .boxed()
                            .toList());
            heard.removeLast();
            for (int request : heard) {
                acknowledge(peer, request);
            }
            lastButOne.get(10, TimeUnit.SECONDS);
        }
        acknowledge(peer, published.get());
        last.get(10, TimeUnit.SECONDS);
    }

    /// Publishers that have begun when the next connection is opened and go on until it is back.
    private List<CompletableFuture<Void>> publishFromHandshakeOn() {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(PUBLISHERS);
        isBack.set(false);
        server.beforeHandshake(() -> {
            asked.countDown();
            await(begun);
        });
        return IntStream.range(0, PUBLISHERS)
                .mapToObj(n -> CompletableFuture.runAsync(
                        () -> {
                            await(asked);
                            for (int most = 0; most < MOST_EACH && !isBack.get(); most++) {
                                publish();
                                begun.countDown();
                            }
                        },
                        task -> Thread.ofVirtual().start(task)))
                .toList();
    }

    private CompletableFuture<Published> publish() {
        CompletableFuture<Published> answer = client.publish("a", "x");
        published.incrementAndGet();
        return answer;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void acknowledge(Peer peer, int request) {
        peer.send("{\"type\":\"ack\",\"request_id\":\"" + request + "\",\"epoch\":\"e\",\"offset\":0}");
    }

    private static int requestId(String frame) {
        return Integer.parseInt(frame.replaceFirst(".*\"request_id\":\"([0-9]+)\".*", "$1"));
    }
}
