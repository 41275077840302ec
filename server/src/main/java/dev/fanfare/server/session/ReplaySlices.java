package dev.fanfare.server.session;

import dev.fanfare.Message;
import dev.fanfare.server.feed.Loop;
import dev.fanfare.server.feed.WireKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Slices of replayed frames, kept for a moment: when a server or a network comes back, thousands ask for the same
/// messages of the same topic at once, and they are encoded once per event loop. On that loop.
final class ReplaySlices {

    private static final int BYTES_MAX = 4 * 1024 * 1024;
    private static final Duration KEPT = Duration.ofSeconds(1);

    /// The messages of a slice of one topic: a message is the same object for all who read the log, and between two
    /// of them lie always the same, but for those that have expired meanwhile: then they are fewer.
    private record Key(WireKind kind, MessageIdentity first, MessageIdentity last, int count) {}

    private record MessageIdentity(Message message) {
        @Override
        public boolean equals(Object other) {
            return other instanceof MessageIdentity(var that) && that == message;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(message);
        }
    }

    private final Loop loop;
    private final Map<Key, ByteBuf> slices = new HashMap<>();
    private int bytes;
    private boolean clearing;

    ReplaySlices(Loop loop) {
        this.loop = loop;
    }

    /// The frames of messages that follow each other in one topic; whoever asks releases them.
    ByteBuf frames(List<Message> messages, WireKind kind) {
        Key key = new Key(
                kind,
                new MessageIdentity(messages.getFirst()),
                new MessageIdentity(messages.getLast()),
                messages.size());
        ByteBuf known = slices.get(key);
        if (known != null) {
            return known.retainedSlice();
        }
        ByteBuf made = encode(messages, kind);
        if (bytes + made.readableBytes() <= BYTES_MAX) {
            bytes += made.readableBytes();
            slices.put(key, made.retainedSlice());
            clearLater();
        }
        return made.slice(); // without room behind it: what encrypts would add other bytes there
    }

    /// The frames of any messages; whoever asks releases them.
    static ByteBuf encode(List<Message> messages, WireKind kind) {
        ByteBuf slice = ByteBufAllocator.DEFAULT.directBuffer(messages.size() * 256);
        for (Message message : messages) {
            kind.encode(message, slice);
        }
        return slice;
    }

    private void clearLater() {
        if (!clearing) {
            clearing = true;
            loop.after(KEPT, this::clear);
        }
    }

    /// Gives back what is kept.
    void clear() {
        clearing = false;
        bytes = 0;
        slices.values().forEach(ByteBuf::release);
        slices.clear();
    }
}
