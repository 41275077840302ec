package dev.fanfare.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.protocol.CloseCode;
import dev.fanfare.server.Configuration;
import dev.fanfare.server.Connections;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.feed.FakePeer;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.limits.Pressure;
import dev.fanfare.server.metrics.ServerCounts;
import dev.fanfare.server.security.Access;
import dev.fanfare.server.security.Identity;
import dev.fanfare.time.VirtualTimers;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a peer hears of its session, in virtual time and without a socket.
class SessionTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ServerConfig config = ServerConfig.defaults();
    private final SessionLoops loops =
            new SessionLoops(channel.eventLoop(), () -> config, timers, new Pressure(() -> 1 << 20, timers, () -> {}));
    private ServerContext server = ServerContext.of(broker, config);
    private final WireKinds kinds = new WireKinds(() -> config, timers);
    private final List<Peer> peers = new ArrayList<>();
    private Executor background = Runnable::run;

    @Test
    void endingWhatNoSubscribeTakesIsRefusedAlike() {
        Peer peer = new Peer(Dialect.STANDARD);
        for (String topic : List.of("z.**.*", "#", "a*", " ", "a\\u0000")) {
            for (String type : List.of("subscribe", "unsubscribe")) {
                peer.says("{\"type\":\"" + type + "\",\"client_id\":\"c\",\"request_id\":\"r\",\"topic\":\"" + topic
                        + "\"}");
            }
        }
        assertThat(peer.heard("\"request_id\":\"r\"")).hasSize(10).allMatch(text -> text.contains("BAD_REQUEST"));

        peer.says("{\"type\":\"unsubscribe\",\"topic\":\"z.*.**\",\"client_id\":\"c\"}");
        assertThat(peer.heard("\"ack\"")).hasSize(1);
    }

    @Test
    void whatMayNotBeHeardAnyMoreWhenItsTopicsAreFoundIsRefused(@TempDir Path folder) throws IOException {
        Path rules = folder.resolve("rules");
        Files.writeString(rules, "- {who: anonymous, may: subscribe, topics: '**'}\n");
        ServerConfig guarded = ServerConfig.of(Map.of("rules", rules.toString()));
        Semaphore changes = new Semaphore(0);
        try (Access access = new Access(guarded::security, timers, changes::release)) {
            server = new ServerContext(
                    broker,
                    new Configuration(guarded, null),
                    new Connections(),
                    access,
                    server.limits(),
                    new ServerCounts(),
                    server.alerts(),
                    null);
            Queue<Runnable> looking = new ArrayDeque<>();
            background = looking::add;
            Peer peer = new Peer(Dialect.STANDARD);
            peer.says("{\"type\":\"subscribe\",\"topic\":\"**\",\"client_id\":\"c\",\"request_id\":\"r\"}");
            Files.writeString(rules, "- {who: anonymous, may: subscribe, topics: t}\n");
            while (!changes.tryAcquire()) {
                timers.advance(Duration.ofSeconds(1));
                LockSupport.parkNanos(1_000_000);
            }
            peer.session.recheck();
            looking.remove().run();
            turn();
            assertThat(peer.heard("\"ack\"")).isEmpty();
            assertThat(peer.heard("\"request_id\":\"r\"")).hasSize(1).allMatch(text -> text.contains("FORBIDDEN"));
            assertThat(broker.feeds().subscriptions()).isZero();
        }
    }

    @Test
    void whoMayNotBeInAnyMoreWhenItsSessionBeginsIsTold(@TempDir Path folder) throws IOException {
        Path rules = folder.resolve("rules");
        Files.writeString(rules, "- {who: authenticated, may: subscribe, topics: t}\n");
        ServerConfig guarded = ServerConfig.of(Map.of("rules", rules.toString()));
        try (Access access = new Access(guarded::security, timers, () -> {})) {
            server = new ServerContext(
                    broker,
                    new Configuration(guarded, null),
                    new Connections(),
                    access,
                    server.limits(),
                    new ServerCounts(),
                    server.alerts(),
                    null);
            Peer peer = new Peer(Dialect.STANDARD);
            turn();
            assertThat(peer.heard("UNAUTHORIZED")).hasSize(1);
            peer.says("{\"type\":\"ping\"}");
            assertThat(peer.heard("UNAUTHORIZED")).hasSize(2);
        }
    }

    /// One peer and its session.
    private final class Peer implements Connection {
        private final SessionLoop loop = loops.of(channel.eventLoop());
        private final FakePeer wire = new FakePeer(loop.delivery());
        private final List<String> said = new ArrayList<>();
        private final Deque<byte[]> unread = new ArrayDeque<>();
        private final Session session;

        Peer(Dialect dialect) {
            session = new SessionContext(server, dialect, loops, kinds, background)
                    .open(loop, this, "peer", Identity.ANONYMOUS, false);
            session.opened();
            peers.add(this);
        }

        void says(String json) {
            byte[] text = json.getBytes(StandardCharsets.UTF_8);
            session.received();
            unread.add(text);
            readAgain();
            session.endOfBatch();
            turn();
        }

        /// The texts heard that contain this.
        List<String> heard(String what) {
            return wire.texts.stream().filter(text -> text.contains(what)).toList();
        }

        @Override
        public Outbox outbox() {
            return wire.outbox;
        }

        @Override
        public SocketAddress peer() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        }

        @Override
        public long unfinishedMessage() {
            return 0;
        }

        @Override
        public long unreadBytes() {
            return 0;
        }

        @Override
        public long waitingBytes() {
            return 0;
        }

        @Override
        public void ping() {
            said.add("ping");
        }

        @Override
        public long untakenBytes() {
            return 0;
        }

        @Override
        public void close(int code, String reason, long lingerMillis) {
            said.add("close " + code);
        }

        @Override
        public void abort(String reason) {
            said.add("abort");
        }

        @Override
        public void readAgain() {
            while (!unread.isEmpty() && !session.paused()) {
                byte[] text = unread.remove();
                session.text(text, 0, text.length);
            }
        }

        @Override
        public void tick(long now) {
            session.tick(now);
        }
    }

    private void turn() {
        channel.runPendingTasks();
    }

    private void pass(Duration time, Peer peer) {
        timers.advance(time);
        peer.tick(timers.nanoTime());
        turn();
    }

    private void publish(String topic, int count) {
        for (int i = 0; i < count; i++) {
            broker.publish(topic, "m");
        }
        turn();
    }

    @AfterEach
    void everybodyLeaves() {
        for (Peer peer : peers) {
            peer.session.closed("the test is over");
            peer.wire.close();
        }
        broker.close();
        channel.close();
    }

    @Test
    void aSilentPeerIsPingedOnceAndThenGivenUp() {
        Peer peer = new Peer(Dialect.STANDARD);

        pass(Duration.ofSeconds(29), peer);
        assertThat(peer.said).isEmpty();
        pass(Duration.ofSeconds(1), peer);
        pass(Duration.ofSeconds(1), peer);
        assertThat(peer.said).containsExactly("ping");
        pass(Duration.ofSeconds(29), peer);
        assertThat(peer.said).containsExactly("ping", "abort");
    }

    @Test
    void aPeerThatTakesNothingGetsOneHeartbeatPerInterval() {
        Peer peer = new Peer(Dialect.STANDARD);
        peer.wire.refuse();
        for (int second = 0; second < 61; second++) {
            peer.session.received();
            pass(Duration.ofSeconds(1), peer);
        }
        peer.wire.take();
        turn();

        assertThat(peer.heard("\"msg\":\"ping\"")).hasSize(2);
    }

    @Test
    void nothingFollowsTheGoodbye() {
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.STANDARD);
        peer.says("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
        publish("t", 2);
        assertThat(peer.heard("\"event\"")).hasSize(2);

        peer.session.drain();
        peer.session.close();
        turn();
        assertThat(peer.said).containsExactly("close " + CloseCode.GOING_AWAY);
        publish("t", 1);

        assertThat(peer.heard("\"event\"")).hasSize(2);
        assertThat(broker.feeds().subscriptions()).isZero();
    }

    @Test
    void aBatchThatIsNotFullGoesOutBeforeTheGoodbye() {
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.FLAT);
        peer.says("{\"type\":\"subscribe\",\"topic\":\"t\"}");
        publish("t", 3);
        assertThat(peer.heard("\"event\"")).isEmpty();

        peer.session.close();
        turn();

        assertThat(peer.heard("\"event\"")).hasSize(3);
        assertThat(peer.said).containsExactly("close " + CloseCode.GOING_AWAY);
    }

    @Test
    void aSlowConsumerIsDisconnectedAndTheOthersOfItsFeedAreServed() {
        broker.createTopic("t");
        List<Peer> others = new ArrayList<>();
        Peer slow = new Peer(Dialect.STANDARD);
        for (int i = 0; i < 5; i++) {
            slow.says("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"" + i
                    + "\",\"overflow\":\"disconnect\",\"queue\":5}");
            Peer other = new Peer(Dialect.STANDARD);
            other.says("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
            others.add(other);
        }
        slow.wire.refuse();
        publish("t", 1);
        publish("t", 10);

        assertThat(slow.said).containsExactly("close " + CloseCode.POLICY);
        for (Peer other : others) {
            assertThat(other.heard("\"event\"")).hasSize(11);
        }
        assertThat(broker.feeds().subscriptions()).isEqualTo(5);
        slow.wire.take();
        turn();
        assertThat(slow.heard("SLOW_CONSUMER")).hasSize(1);
    }

    @Test
    void theEndOfATopicWaitsForNoBatchAndIsToldBehindIt() {
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.STANDARD);
        String subscribe = "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"%s\"%s}";
        peer.says(subscribe.formatted("a", ",\"batch\":{\"size\":1000,\"linger_ms\":60000}"));
        peer.says(subscribe.formatted("b", ""));
        publish("t", 3);
        assertThat(peer.heard("\"event\"")).hasSize(3);

        broker.deleteTopic("t");
        turn();
        assertThat(peer.heard("\"event\"")).hasSize(6);
        assertThat(peer.heard("topic_deleted")).hasSize(2);
        assertThat(peer.wire.texts.getLast()).contains("topic_deleted");
        assertThat(broker.feeds().subscriptions()).isZero();
    }

    @Test
    void aSlowConsumerIsToldBehindTheFrameThatHasBegunToLeave() {
        broker.createTopic("t");
        Peer slow = new Peer(Dialect.STANDARD);
        slow.says(
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"overflow\":\"disconnect\",\"queue\":5}");
        slow.wire.refuse();
        publish("t", 4);
        publish("t", 6);
        slow.wire.take();
        turn();

        assertThat(slow.heard("\"event\"")).hasSize(1);
        assertThat(broker.topic("t").orElseThrow().counters().dropped())
                .as("what waited behind the first slice")
                .isEqualTo(6);
        assertThat(slow.wire.texts.getLast()).contains("SLOW_CONSUMER");
        assertThat(slow.said).containsExactly("close " + CloseCode.POLICY);
    }

    private void subscribeToAll(Peer peer) {
        peer.says("{\"type\":\"subscribe\",\"topic\":\"**\",\"client_id\":\"c\",\"request_id\":\"all\"}");
    }

    @Test
    void thePatternsTopicsAreLookedForElsewhereAndAnswersKeepTheirOrder() {
        Queue<Runnable> elsewhere = new ArrayDeque<>();
        background = elsewhere::add;
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.STANDARD);
        Peer other = new Peer(Dialect.STANDARD);
        peer.says("{\"type\":\"ping\",\"request_id\":\"before\"}");
        subscribeToAll(peer);
        peer.says("{\"type\":\"ping\",\"request_id\":\"after\"}");
        other.says("{\"type\":\"ping\",\"request_id\":\"other\"}");
        publish("t", 1);

        assertThat(peer.heard("request_id")).hasSize(1);
        assertThat(other.heard("other")).hasSize(1);

        elsewhere.remove().run();
        turn();
        publish("t", 1);
        assertThat(peer.wire.texts.stream().map(text -> text.replaceAll(".*(before|all|after|event).*", "$1")))
                .containsExactly("before", "all", "after", "event");
    }

    @Test
    void whoLeavesWhileItsPatternIsLookedForLeavesNothingBehind() {
        Queue<Runnable> elsewhere = new ArrayDeque<>();
        background = elsewhere::add;
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.STANDARD);
        subscribeToAll(peer);
        peer.session.closed("gone");
        peer.wire.close();
        elsewhere.remove().run();
        turn();

        assertThat(broker.feeds().subscriptions()).isZero();
        assertThat(broker.topic("t").orElseThrow().subscribers()).isZero();
        assertThat(peer.wire.texts).isEmpty();
    }

    @Test
    void aPatternThatIsRefusedIsAnsweredInItsTurn() {
        Queue<Runnable> elsewhere = new ArrayDeque<>();
        background = elsewhere::add;
        Peer peer = new Peer(Dialect.STANDARD);
        subscribeToAll(peer);
        peer.says("{\"type\":\"ping\"}");
        broker.close();
        elsewhere.remove().run();
        turn();

        assertThat(peer.wire.texts.getFirst()).contains("SHUTTING_DOWN").contains("\"all\"");
        assertThat(peer.wire.texts.getLast()).contains("pong");
    }

    @Test
    void aReplacedSubscriptionIsHeardOnce() {
        broker.createTopic("t");
        Peer peer = new Peer(Dialect.STANDARD);
        for (int i = 0; i < 3; i++) {
            peer.says("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
        }
        publish("t", 1);

        assertThat(peer.heard("\"event\"")).hasSize(1);
        assertThat(broker.feeds().subscriptions()).isEqualTo(1);
    }
}
