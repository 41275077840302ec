package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// One loop serves many: what goes wrong for one, and what comes when the loop has ended.
class LoopTest {

    /// Has frames, and fails when it is asked for them.
    private static final class Broken extends Source {
        @Override
        protected @Nullable ByteBuf next(int limit) {
            throw new IllegalStateException("no memory left");
        }

        @Override
        protected boolean more() {
            return true;
        }
    }

    @Test
    void aConnectionThatFailsStopsNoOther() {
        EmbeddedChannel channel = new EmbeddedChannel();
        Loop loop = new Loop(channel.eventLoop());
        FakePeer broken = new FakePeer(loop);
        FakePeer healthy = new FakePeer(loop);

        broken.outbox.offer(new Broken());
        healthy.control("hello");
        channel.runPendingTasks();

        assertThat(broken.failure).hasMessage("no memory left");
        assertThat(healthy.texts).containsExactly("hello");
        healthy.control("still here");
        channel.runPendingTasks();
        assertThat(healthy.texts).containsExactly("hello", "still here");
        broken.close();
        channel.close();
    }

    @Test
    void controlFramesGoFirstAndSourcesTakeTurns() {
        EmbeddedChannel channel = new EmbeddedChannel();
        Loop loop = new Loop(channel.eventLoop());
        FakePeer peer = new FakePeer(loop);

        peer.outbox.offer(new Counting("a", 3));
        peer.outbox.offer(new Counting("b", 2));
        peer.control("first");
        channel.runPendingTasks();

        assertThat(peer.texts).containsExactly("first", "a1", "b1", "a2", "b2", "a3");
        channel.close();
    }

    /// Has so many frames, and gives one at a time.
    private static final class Counting extends Source {
        private final String name;
        private final int frames;
        private int given;

        Counting(String name, int frames) {
            this.name = name;
            this.frames = frames;
        }

        @Override
        protected ByteBuf next(int limit) {
            return Unpooled.wrappedBuffer(FakePeer.frame(name + ++given));
        }

        @Override
        protected boolean more() {
            return given < frames;
        }
    }

    @Test
    void whenEmptyWaitsForThePeer() {
        EmbeddedChannel channel = new EmbeddedChannel();
        FakePeer peer = new FakePeer(new Loop(channel.eventLoop()));
        CompletableFuture<Void> empty = new CompletableFuture<>();
        peer.refuse();
        peer.control("hello");
        peer.outbox.whenEmpty(() -> empty.complete(null));
        channel.runPendingTasks();
        assertThat(empty).isNotDone();

        peer.take();

        assertThat(empty).isCompleted();
        channel.close();
    }

    @Test
    void nothingIsSentOnceItIsClosed() {
        EmbeddedChannel channel = new EmbeddedChannel();
        FakePeer peer = new FakePeer(new Loop(channel.eventLoop()));
        peer.control("hello");
        peer.outbox.offer(new Counting("a", 2));
        peer.close();
        peer.control("too late");
        channel.runPendingTasks();

        assertThat(peer.texts).isEmpty();
        assertThat(peer.outbox.controlBytes()).isZero();
        channel.close();
    }

    @Test
    void publishingGoesOnWhenTheLoopHasEnded() throws Exception {
        try (FeedFixture fixture = new FeedFixture()) {
            fixture.topic("t");
            DefaultEventLoop eventLoop = new DefaultEventLoop();
            Loop loop = new Loop(eventLoop);
            Subscriber subscriber = eventLoop
                    .submit(() -> new Subscriber(fixture, new FakePeer(loop), "t", Settings.usual()))
                    .get(10, TimeUnit.SECONDS);
            eventLoop.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);

            fixture.publish("t", "nobody is there");
            fixture.publish("t", "nobody is there");
            subscriber.leave();

            assertThat(fixture.memoryHeld()).isZero();
        }
    }

    @Test
    void aSubscriptionClosedOnAnotherThreadKeepsItsMemoryUntilTheLoopHasLetGo() throws Exception {
        try (FeedFixture fixture = new FeedFixture()) {
            fixture.topic("t");
            DefaultEventLoop eventLoop = new DefaultEventLoop();
            Loop loop = new Loop(eventLoop);
            Subscriber subscriber = eventLoop
                    .submit(() -> new Subscriber(fixture, new FakePeer(loop), "t", Settings.usual()))
                    .get(10, TimeUnit.SECONDS);
            CountDownLatch closed = new CountDownLatch(1);
            CompletableFuture<Boolean> waited = new CompletableFuture<>();
            eventLoop.execute(() -> {
                try {
                    waited.complete(closed.await(10, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    waited.completeExceptionally(e);
                }
            });
            fixture.publish("t", "m"); // the loop is about to read this
            subscriber.leave();
            closed.countDown();
            eventLoop.shutdownGracefully(0, 10, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);

            assertThat(waited).isCompletedWithValue(true);
            assertThat(subscriber.peer.failure).isNull();
            assertThat(fixture.memoryHeld()).isZero();
        }
    }
}
