package dev.fanfare.bench.jcstress;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.VirtualTimers;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A message published while a subscription begins is seen exactly once: replayed, or live, or published before a
/// subscription that asked only for what comes.
public final class PublishAndSubscribe {

    private PublishAndSubscribe() {}

    /// A feed that remembers what its only cursor was given.
    private static final class OneCursor implements Feed<Object>, FeedKind<Object> {
        private final List<Message> live = new ArrayList<>();
        private boolean attached;
        private @Nullable Topic topic;

        @Override
        public Feed<Object> open(Pattern pattern) {
            return this;
        }

        @Override
        public synchronized void append(Topic from, Message message, @Nullable Object prepared) {
            topic = from;
            if (attached) {
                live.add(message);
            }
        }

        @Override
        public void wake() {}

        @Override
        public void onRoom(Runnable action) {
            action.run();
        }

        @Override
        public synchronized void attach(Object cursor) {
            attached = true;
        }

        @Override
        public synchronized void detach(Object cursor) {
            attached = false;
        }

        @Override
        public void end() {}

        @Override
        public void close() {}

        /// How many live messages the subscription does not pass over.
        synchronized int seen(Attachment attachment) {
            Topic from = topic;
            return from == null
                    ? 0
                    : (int) live.stream()
                            .filter(message -> !attachment.skips(from, message.offset()))
                            .count();
        }
    }

    private static final VirtualTimers TIMERS = new VirtualTimers();

    /// What both tests have in common: a topic with one message, a subscription of `pattern` and a second message
    /// at once.
    @State
    public static class Scene {
        private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(TIMERS));
        private final Topic topic = broker.createTopic("a.b");
        private final OneCursor feed = new OneCursor();
        private @Nullable Attachment attachment;
        private int replayed;

        /// One message is there already.
        public Scene() {
            topic.publish(Message.text("before"));
        }

        final void publish() {
            topic.publish(Message.text("meanwhile"));
        }

        final void subscribe(String pattern, Start start) {
            Attachment begun = broker.feeds().attach(Pattern.of(pattern), start, feed, "cursor");
            while (begun.state() == Attachment.State.REPLAYING) {
                replayed +=
                        Objects.requireNonNull(begun.replay(10, 1000, () -> {})).size();
            }
            attachment = begun;
        }

        final int seen() {
            Attachment begun = attachment;
            if (begun == null) {
                throw new IllegalStateException("not subscribed");
            }
            return replayed + feed.seen(begun);
        }

        final int firstOffset() {
            Attachment begun = attachment;
            return begun == null ? -1 : (int) begun.opened().offset();
        }
    }

    /// A subscription by name that asks for what comes.
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Joined before the message: it is live.")
    @Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "Joined after the message: it begins behind it.")
    @Outcome(expect = Expect.FORBIDDEN, desc = "Lost, or delivered although it came before.")
    public static class LatestByName {

        /// Publishes.
        @Actor
        public void publisher(Scene scene) {
            scene.publish();
        }

        /// Subscribes.
        @Actor
        public void subscriber(Scene scene) {
            scene.subscribe("a.b", Start.latest());
        }

        /// Where it began, and how many messages it saw.
        @Arbiter
        public void result(Scene scene, II_Result result) {
            result.r1 = scene.firstOffset();
            result.r2 = scene.seen();
        }
    }

    /// A subscription by name that asks for everything.
    @JCStressTest
    @Outcome(id = "0, 2", expect = Expect.ACCEPTABLE, desc = "Each message once.")
    @Outcome(expect = Expect.FORBIDDEN, desc = "A gap or a duplicate.")
    public static class EarliestByName {

        /// Publishes.
        @Actor
        public void publisher(Scene scene) {
            scene.publish();
        }

        /// Subscribes.
        @Actor
        public void subscriber(Scene scene) {
            scene.subscribe("a.b", Start.earliest());
        }

        /// Where it began, and how many messages it saw.
        @Arbiter
        public void result(Scene scene, II_Result result) {
            result.r1 = scene.firstOffset();
            result.r2 = scene.seen();
        }
    }

    /// A subscription by pattern that asks for everything.
    @JCStressTest
    @Outcome(id = "-1, 2", expect = Expect.ACCEPTABLE, desc = "Each message once.")
    @Outcome(expect = Expect.FORBIDDEN, desc = "A gap or a duplicate.")
    public static class EarliestByPattern {

        /// Publishes.
        @Actor
        public void publisher(Scene scene) {
            scene.publish();
        }

        /// Subscribes.
        @Actor
        public void subscriber(Scene scene) {
            scene.subscribe("a.*", Start.earliest());
        }

        /// No offset, and how many messages it saw.
        @Arbiter
        public void result(Scene scene, II_Result result) {
            result.r1 = scene.firstOffset();
            result.r2 = scene.seen();
        }
    }
}
