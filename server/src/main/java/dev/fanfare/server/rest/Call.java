package dev.fanfare.server.rest;

import dev.fanfare.feed.Feed;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.PublishLimit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One request that found its endpoint. Belongs to whoever answers it.
public final class Call {

    private final Caller caller;
    private final Map<String, String> variables;
    private final Map<String, String> query;
    private final Map<String, String> headers;
    private final byte[] body;
    private final @Nullable PublishLimit limit;
    private final Consumer<String> topicMade;
    private final Line line;
    private @Nullable Feed<?> congested;

    /// The bytes of the body, until they have counted: once, with the first of its messages.
    private long uncounted;

    /// The connection that a call came over.
    ///
    /// @param loop its event loop
    /// @param open whether somebody is there to be answered
    public record Line(ScheduledExecutorService loop, BooleanSupplier open) {}

    /// @param variables what stood in the path in the place of `{name}`, decoded
    /// @param query the parameters, decoded
    /// @param headers by their names in lower case
    /// @param limit on what the connection publishes; null if there is none
    /// @param topicMade told of each topic that was made because the call used it
    public Call(
            Caller caller,
            Map<String, String> variables,
            Map<String, String> query,
            Map<String, String> headers,
            byte[] body,
            @Nullable PublishLimit limit,
            Consumer<String> topicMade,
            Line line) {
        this.caller = caller;
        this.variables = variables;
        this.query = query;
        this.headers = headers;
        this.body = body;
        this.uncounted = body.length;
        this.limit = limit;
        this.topicMade = topicMade;
        this.line = line;
    }

    /// Who makes it.
    public Caller caller() {
        return caller;
    }

    /// What stood in the path in the place of `{name}`.
    public String variable(String name) {
        String value = variables.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route has no variable " + name);
        }
        return value;
    }

    /// A parameter of the query.
    public Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }

    /// A parameter that is a whole number.
    ///
    /// @throws Problem 400 when it is something else or out of bounds
    public int parameter(String name, int otherwise, int min, int max) {
        String text = query.get(name);
        if (text == null) {
            return otherwise;
        }
        if (text.matches("\\d{1,9}")) {
            int value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        }
        throw Problem.of(WireError.badRequest("parameter " + name + " must be a whole number from " + min + " to " + max
                + ", not '" + Excerpt.of(text) + "'"));
    }

    /// A header by its name in lower case; empty if there is none.
    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /// The body; empty if there is none.
    public byte[] body() {
        return body;
    }

    /// One more message is to be published.
    ///
    /// @return null if the connection may publish it, else what its peer is told
    @Nullable
    WireError takePublish() {
        return takePublishes(1);
    }

    /// A topic is to be made.
    ///
    /// @throws Problem 429 when its maker makes too many
    void takeTopic() {
        WireError tooFast = limit == null ? null : limit.takeTopic();
        if (tooFast != null) {
            throw Problem.of(tooFast);
        }
    }

    /// A topic was made because it was used.
    void made(String topic) {
        topicMade.accept(topic);
    }

    /// So many more messages are to be published.
    ///
    /// @return null if the connection may publish them, else what its peer is told
    @Nullable
    WireError takePublishes(int count) {
        if (limit == null || count == 0) {
            return null;
        }
        WireError tooFast = limit.take(count, uncounted);
        if (tooFast == null) {
            uncounted = 0;
        }
        return tooFast;
    }

    /// The connection that it came over.
    Line line() {
        return line;
    }

    /// Notes that a feed is full: nothing more is read from this connection before it has room.
    public void holdFor(@Nullable Feed<?> full) {
        congested = full;
    }

    /// What has to have room before anything more is read; null if nothing.
    public @Nullable Feed<?> congested() {
        return congested;
    }
}
