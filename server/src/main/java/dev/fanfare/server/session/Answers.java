package dev.fanfare.server.session;

import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.feed.TextFrame;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Everything a session says that is not an event: put into a frame and into the connection's outbox, where it goes
/// before any event. On the connection's event loop.
final class Answers {

    private final SessionContext context;
    private final SessionLoop loop;
    private final Connection connection;
    private final Codec codec;

    Answers(SessionContext context, SessionLoop loop, Connection connection) {
        this.context = context;
        this.loop = loop;
        this.connection = connection;
        this.codec = context.codec(loop);
    }

    /// Begins an answer; the one before has been sent.
    TextFrame begin() {
        return loop.frame();
    }

    /// Sends an answer that was begun.
    void send(TextFrame frame) {
        frame.end(TextFrame.TEXT);
        connection.outbox().control(frame.array(), frame.from(), frame.length());
    }

    /// Sends what `writer` writes.
    void say(Consumer<JsonBytes> writer) {
        TextFrame frame = begin();
        writer.accept(frame.begin());
        send(frame);
    }

    /// Says why a request was not served.
    void refuse(@Nullable String requestId, WireError error) {
        say(out -> codec.error(out, requestId, error, context.millis()));
    }
}
