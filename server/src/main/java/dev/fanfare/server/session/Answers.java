package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Topic;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.feed.TextFrame;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Everything a session says that is not an event: put into a frame and into the connection's outbox, where it goes
/// before any event. What answers a request keeps the order of the requests, behind those that wait for a commit;
/// what is told of its own accord does not. On the connection's event loop.
final class Answers {

    private static final byte[] NOTHING = {};

    private final Session session;
    private final SessionContext context;
    private final SessionLoop loop;
    private final Connection connection;
    private final Codec codec;

    /// Null until there was one: most sessions never publish to a durable topic.
    private @Nullable PendingAnswers pending;

    Answers(Session session, SessionContext context, SessionLoop loop, Connection connection) {
        this.session = session;
        this.context = context;
        this.loop = loop;
        this.connection = connection;
        this.codec = context.codec(loop);
    }

    /// Begins an answer; the one before has been sent.
    TextFrame begin() {
        return loop.frame();
    }

    /// Sends an answer that was begun, when those before it are sent.
    void send(TextFrame frame) {
        PendingAnswers before = pending;
        frame.end(TextFrame.TEXT);
        if (before == null || before.isEmpty()) {
            connection.outbox().control(frame.array(), frame.from(), frame.length());
        } else {
            before.add(bytes(frame), null);
        }
    }

    /// Sends an answer that was begun, when those before it are sent; then runs `then`.
    void send(TextFrame frame, Runnable then) {
        PendingAnswers before = pending;
        if (before == null || before.isEmpty()) {
            send(frame);
            then.run();
        } else {
            frame.end(TextFrame.TEXT);
            before.add(bytes(frame), then);
        }
    }

    /// Sends what `writer` writes, when the answers before it are sent.
    void say(Consumer<JsonBytes> writer) {
        TextFrame frame = begin();
        writer.accept(frame.begin());
        send(frame);
    }

    /// Sends what `writer` writes at once: it answers nothing, or may come whenever it comes.
    void tell(Consumer<JsonBytes> writer) {
        TextFrame frame = begin();
        writer.accept(frame.begin());
        frame.end(TextFrame.TEXT);
        connection.outbox().control(frame.array(), frame.from(), frame.length());
    }

    /// Says why a request was not served.
    void refuse(@Nullable String requestId, WireError error) {
        say(out -> codec.error(out, requestId, error, context.millis()));
    }

    /// Says at once why something was not served, or goes wrong.
    void tellError(@Nullable String requestId, WireError error) {
        tell(out -> codec.error(out, requestId, error, context.millis()));
    }

    // ---- what waits for a commit

    /// Sends an answer that was begun when what was published is committed, or else why it is not.
    ///
    /// @param frame null: only a failure is told
    /// @param topic where it was published; null when only the commit tells that it is safe enough
    /// @param offset of what was published
    void sendWhen(
            Commit commit, @Nullable TextFrame frame, @Nullable String requestId, @Nullable Topic topic, long offset) {
        if (frame != null) {
            frame.end(TextFrame.TEXT);
        }
        pending().add(frame == null ? NOTHING : bytes(frame), requestId, commit, topic, offset);
    }

    /// Sends an answer that was begun when something is committed, or else why it is not.
    ///
    /// @param then told that it was said: why it failed, null when it did not
    void sendWhen(Commit commit, TextFrame frame, @Nullable String requestId, Consumer<@Nullable Refused> then) {
        frame.end(TextFrame.TEXT);
        pending().add(bytes(frame), requestId, commit, then);
    }

    /// Keeps a place for an answer that is not known yet; those after it wait for it.
    ///
    /// @param weight about how many bytes what it waits for keeps
    Consumer<Consumer<JsonBytes>> reserve(int weight) {
        PendingAnswers.Place place = pending().reserve(weight);
        return writer -> {
            TextFrame frame = begin();
            writer.accept(frame.begin());
            frame.end(TextFrame.TEXT);
            place.fill(bytes(frame));
        };
    }

    private PendingAnswers pending() {
        PendingAnswers there = pending;
        if (there == null) {
            there = new PendingAnswers(session, this);
            pending = there;
        }
        return there;
    }

    private static byte[] bytes(TextFrame frame) {
        return Arrays.copyOfRange(frame.array(), frame.from(), frame.from() + frame.length());
    }

    /// Sends a whole frame.
    void write(byte[] frame) {
        connection.outbox().control(frame, 0, frame.length);
    }

    /// Has `action` run before each slice of events is written; null: no more.
    void ahead(@Nullable Runnable action) {
        connection.outbox().ahead(action);
    }

    /// Whether so much waits for commits that nothing more may be read.
    boolean isFull() {
        return pending != null && pending.isFull();
    }

    /// Runs `action` as soon as nothing waits for a commit, at once if nothing does.
    void whenSettled(Runnable action) {
        if (pending == null || pending.isEmpty()) {
            action.run();
        } else {
            pending.whenSettled(action);
        }
    }

    /// What waits is not said any more.
    void close() {
        if (pending != null) {
            pending.close();
        }
    }
}
