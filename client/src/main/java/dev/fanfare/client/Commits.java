package dev.fanfare.client;

import java.util.Comparator;
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
    record Commit(Delivery delivery, List<Transaction.Part> published, int attempt, int bytes) {}

    private final SequencedMap<String, Commit> unanswered = new LinkedHashMap<>();
    private final SequencedMap<Place, String> hopeless = new LinkedHashMap<>();
    private int lastId;

    /// The request id of the next one.
    String nextId() {
        return PREFIX + ++lastId;
    }

    /// It is about to be sent.
    void add(String requestId, Delivery delivery, List<Transaction.Part> published, int attempt, String text) {
        if (unanswered.size() == MOST) {
            unanswered.pollFirstEntry();
        }
        unanswered.put(requestId, new Commit(delivery, published, attempt, Frames.size(text)));
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
        return unanswered.remove(requestId);
    }

    /// The connection is gone. What was not done comes again.
    ///
    /// @param code of its close frame
    void lost(int code, String why) {
        String tooLarge = code == Connection.MESSAGE_TOO_BIG ? longest() : null;
        Commit commit = tooLarge == null ? null : remove(tooLarge);
        if (commit != null) {
            if (hopeless.size() == HOPELESS_MAX) {
                hopeless.pollFirstEntry();
            }
            hopeless.put(
                    Place.of(commit.delivery().event()),
                    ClientException.TOO_LARGE + ": the server closed the connection over what was published for it: "
                            + why);
        }
        unanswered.clear();
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
