package dev.fanfare.client;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The transactions of a subscription that are not answered yet, each of which acknowledges a message, and the messages
/// whose transactions no server takes. Owned by the calls of the connection, which come one at a time.
final class Commits {

    /// How their request ids begin; those of subscribes are numbers.
    private static final String PREFIX = "t";

    /// As many as a server has deliver at a time; an older one that is refused comes again when its time is over.
    private static final int MOST = 10_000;

    /// Each has broken a connection. One that is forgotten breaks another.
    private static final int HOPELESS_MAX = 100;

    /// @param attempt which one this is, from 1
    /// @param bytes of the request
    record Commit(Delivery delivery, List<Transaction.Part> published, int attempt, int bytes) {

        Place place() {
            return Place.of(delivery.event());
        }
    }

    private record Waiting(String requestId, String text, Commit commit) {}

    /// Those that are not sent yet.
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    private final SequencedMap<String, Commit> unanswered = new LinkedHashMap<>();

    /// How many connections broke in a row before it was known what became of a message's transaction.
    private final SequencedMap<Place, Integer> broken = new LinkedHashMap<>();

    private final SequencedMap<Place, String> hopeless = new LinkedHashMap<>();
    private int lastId;

    /// The request id of the next one.
    String nextId() {
        return PREFIX + ++lastId;
    }

    /// It is to be sent.
    void add(String requestId, Delivery delivery, List<Transaction.Part> published, int attempt, String text) {
        if (waiting.size() + unanswered.size() == MOST && waiting.poll() == null) {
            unanswered.pollFirstEntry();
        }
        waiting.add(new Waiting(requestId, text, new Commit(delivery, published, attempt, Frames.size(text))));
    }

    /// The next one that is to be sent now. One over which connections broke is on its way alone, to find out whether
    /// they broke over it.
    ///
    /// @return the request; null when there is none, or it has to wait for an answer
    @Nullable
    String next() {
        Waiting next = waiting.peek();
        if (next == null || !unanswered.isEmpty() && (isSuspect(next.commit) || suspectIsOnItsWay())) {
            return null;
        }
        waiting.remove();
        unanswered.put(next.requestId, next.commit);
        return next.text;
    }

    private boolean suspectIsOnItsWay() {
        return isSuspect(unanswered.lastEntry().getValue());
    }

    private boolean isSuspect(Commit commit) {
        return broken.getOrDefault(commit.place(), 0) >= PublishLane.BROKEN_TOGETHER;
    }

    /// Which one a refusal is about; null when it is about something else. A server that finds a request too large does
    /// not read its id: it is the longest.
    @Nullable
    String idOf(ServerFrame.Failure failure) {
        String requestId = failure.requestId();
        if (requestId == null) {
            return failure.code().equals(ClientException.TOO_LARGE) ? longest() : null;
        }
        return requestId.startsWith(PREFIX) ? requestId : null;
    }

    /// It is answered.
    ///
    /// @return null when it is not known any more
    @Nullable
    Commit remove(String requestId) {
        Commit commit = unanswered.remove(requestId);
        if (commit != null) {
            broken.remove(commit.place());
        }
        return commit;
    }

    /// The connection is gone. What was not done comes again.
    ///
    /// @param code of its close frame
    void lost(int code, String why) {
        String tooLarge = code == Connection.MESSAGE_TOO_BIG ? longest() : null;
        Commit commit = tooLarge == null ? null : remove(tooLarge);
        if (commit == null) {
            unanswered.values().forEach(each -> brokenOver(each, why));
        } else {
            giveUp(
                    commit,
                    ClientException.TOO_LARGE + ": the server closed the connection over what was published for it: "
                            + why);
        }
        unanswered.clear();
        waiting.clear();
    }

    private void brokenOver(Commit commit, String why) {
        int times = broken.merge(commit.place(), 1, Integer::sum);
        if (times == PublishLane.BROKEN_MOST) {
            broken.remove(commit.place());
            giveUp(
                    commit,
                    ClientException.CONNECTION + ": " + times + " connections in a row broke before the "
                            + commit.bytes()
                            + " bytes that were to be published for it were answered: they may be more than the server"
                            + " takes, or published; the last one: " + why);
        } else if (broken.size() > MOST) {
            broken.pollFirstEntry();
        }
    }

    private void giveUp(Commit commit, String reason) {
        if (hopeless.size() == HOPELESS_MAX) {
            hopeless.pollFirstEntry();
        }
        hopeless.put(commit.place(), reason);
    }

    /// Why there is no use in handling a message that has come again; null when there may be. Says it once.
    @Nullable
    String hopeless(Event event) {
        return hopeless.remove(Place.of(event));
    }

    private @Nullable String longest() {
        return unanswered.entrySet().stream()
                .max(Map.Entry.comparingByValue(Comparator.comparingInt(Commit::bytes)))
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
