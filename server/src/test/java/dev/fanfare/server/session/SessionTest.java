package dev.fanfare.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.protocol.CloseCode;
import dev.fanfare.server.Connections;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.feed.FakePeer;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.time.VirtualTimers;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a peer hears of its session, in virtual time and without a socket.
class SessionTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ServerConfig config = ServerConfig.defaults();
    private final SessionLoops loops = new SessionLoops(channel.eventLoop(), config, timers);
    private final ServerContext server = new ServerContext(broker, config, new Connections());
    private final WireKinds kinds = new WireKinds(config, timers);
    private final List<Peer> peers = new ArrayList<>();

    /// One peer and its session.
    private final class Peer implements Connection {
        private final SessionLoop loop = loops.of(channel.eventLoop());
        private final FakePeer wire = new FakePeer(loop.delivery());
        private final List<String> said = new ArrayList<>();
        private final Session session;

        Peer(Dialect dialect) {
            session = new SessionContext(server, dialect, loops, kinds).open(loop, this, "peer", false);
            session.opened();
            peers.add(this);
        }

        void says(String json) {
            byte[] text = json.getBytes(StandardCharsets.UTF_8);
            session.received();
            session.text(text, 0, text.length);
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
            // Everything said has been read.
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
