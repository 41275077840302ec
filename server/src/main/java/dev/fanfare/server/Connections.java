package dev.fanfare.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/// The peers that hold a session or a stream, so that a shutdown reaches each of them. Any thread.
public final class Connections {

    /// One peer. Its methods are called on any thread and do not block; those of its end in this order, and again
    /// without effect.
    public interface Peer {

        /// Takes no new operations from now on; subscriptions go on.
        void drain();

        /// Sends what is queued, then says goodbye and closes.
        void close();

        /// Who may come in, or what somebody may do, is perhaps not what it was.
        void recheck();

        /// Its live subscriptions that hear a topic. Completes on any thread, empty when it is gone.
        default CompletableFuture<List<WireSubscriber>> subscribers(String topic) {
            return CompletableFuture.completedFuture(List.of());
        }

        /// How many bytes wait for it that it has not taken, about.
        long waitingBytes();

        /// Is let go, because it takes its messages too slowly and there is no memory for more.
        void tooSlow();

        /// Closes at once: the time for taking what was queued is over.
        void abort();
    }

    private static final int SHED_PART = 10;

    private final Set<Peer> peers = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> empty = new CompletableFuture<>();
    private volatile boolean draining;

    /// A peer has come. After [#drain] it is told so at once.
    public void add(Peer peer) {
        peers.add(peer);
        if (draining) {
            peer.drain();
            peer.close();
        }
    }

    /// A peer is gone.
    public void remove(Peer peer) {
        peers.remove(peer);
        completeIfEmpty();
    }

    /// Tells every peer.
    void recheck() {
        peers.forEach(Peer::recheck);
    }

    /// Lets those go that have the most waiting for them: a tenth of those that have anything.
    void shed() {
        record Slow(Peer peer, long bytes) {}
        List<Slow> slow = new ArrayList<>();
        for (Peer peer : peers) {
            long bytes = peer.waitingBytes();
            if (bytes > 0) {
                slow.add(new Slow(peer, bytes));
            }
        }
        slow.sort(Comparator.comparingLong(Slow::bytes).reversed());
        slow.subList(0, (slow.size() + SHED_PART - 1) / SHED_PART)
                .forEach(one -> one.peer().tooSlow());
    }

    /// How many there are.
    public int count() {
        return peers.size();
    }

    /// The live subscriptions of all connections that hear a topic, in no order. Asks each connection's event loop and
    /// waits for it: not on one.
    public List<WireSubscriber> subscribers(String topic) {
        List<CompletableFuture<List<WireSubscriber>>> asked =
                peers.stream().map(peer -> peer.subscribers(topic)).toList();
        List<WireSubscriber> found = new ArrayList<>();
        asked.forEach(answer -> found.addAll(answer.join()));
        return found;
    }

    /// Whether [#drain] was called.
    public boolean draining() {
        return draining;
    }

    /// Tells every peer to take no new operations.
    ///
    /// @return those that are there, to be closed one after the other
    List<Peer> drain() {
        draining = true;
        List<Peer> told = List.copyOf(peers);
        told.forEach(Peer::drain);
        completeIfEmpty();
        return told;
    }

    /// Completes as soon as no peer is left after [#drain].
    CompletableFuture<Void> whenEmpty() {
        return empty;
    }

    /// Ends those that are still there.
    void abort() {
        List.copyOf(peers).forEach(Peer::abort);
    }

    private void completeIfEmpty() {
        if (draining && peers.isEmpty()) {
            empty.complete(null);
        }
    }
}
