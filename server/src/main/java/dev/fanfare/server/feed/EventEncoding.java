package dev.fanfare.server.feed;

import dev.fanfare.Message;
import dev.fanfare.protocol.JsonBytes;

/// How a dialect writes an event, in two parts.
public interface EventEncoding {

    /// Appends everything that does not depend on the message's place in the log.
    void head(JsonBytes out, String topic, Message draft);

    /// Appends the rest.
    void tail(JsonBytes out, Message stored);

    /// Whether the frames are compressed with permessage-deflate.
    default boolean compressed() {
        return false;
    }
}
