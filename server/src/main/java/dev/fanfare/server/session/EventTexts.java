package dev.fanfare.server.session;

import dev.fanfare.Message;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.feed.Loop;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The events of messages as text, kept for a moment: the acknowledged subscriptions of an event loop that hear the
/// same topic are mostly served one after the other, and what their frames have in common is written once. On that
/// loop.
final class EventTexts {

    private static final int SLOTS = 512;
    private static final int KEPT_BYTES = 2_048;

    private record Kept(Message message, BiConsumer<JsonBytes, Message> encoding, byte[] text) {}

    private static final Duration KEPT = Duration.ofSeconds(1);

    private final Loop loop;
    private final JsonBytes scratch = new JsonBytes();
    private @Nullable Kept[] kept = {};
    private boolean clearing;

    EventTexts(Loop loop) {
        this.loop = loop;
    }

    /// The text of a stored message's event; not to be changed.
    ///
    /// @param encoding writes it; the same object for the same text
    byte[] of(Message message, BiConsumer<JsonBytes, Message> encoding) {
        if (kept.length == 0) {
            kept = new Kept[SLOTS];
        }
        int slot = (int) message.offset() & SLOTS - 1;
        Kept known = kept[slot];
        // A message is the same object for all who read the log.
        if (known != null && known.message == message && known.encoding == encoding) {
            return known.text;
        }
        scratch.reset();
        encoding.accept(scratch, message);
        byte[] text = Arrays.copyOf(scratch.array(), scratch.length());
        if (text.length <= KEPT_BYTES) {
            kept[slot] = new Kept(message, encoding, text);
            clearLater();
        }
        return text;
    }

    private void clearLater() {
        if (!clearing) {
            clearing = true;
            loop.after(KEPT, () -> {
                clearing = false;
                kept = new Kept[0];
            });
        }
    }
}
