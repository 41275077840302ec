package dev.fanfare.server.acceptance;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import org.jspecify.annotations.Nullable;

/// Feeds in which appending stops at a gate, and with it whoever is in the topic's section.
record GatedKind(Gate gate) implements FeedKind<Object> {

    @Override
    public Feed<Object> open(Pattern pattern) {
        return new Feed<>() {
            @Override
            public void append(Topic topic, Message message, @Nullable Object prepared) {
                gate.pass();
            }

            @Override
            public void wake() {}

            @Override
            public void onRoom(Runnable action) {}

            @Override
            public void attach(Object cursor) {}

            @Override
            public void detach(Object cursor) {}

            @Override
            public void end() {}

            @Override
            public void close() {}
        };
    }
}
