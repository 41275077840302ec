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
    private static final Duration KEPT = Duration.ofSeconds(1);

    private final Loop loop;
    private final JsonBytes scratch = new JsonBytes();
    private @Nullable Message[] messages = {};
    private byte[][] texts = {};
    private boolean clearing;

    EventTexts(Loop loop) {
        this.loop = loop;
    }

    /// The text of a stored message's event; not to be changed.
    byte[] of(Message message, BiConsumer<JsonBytes, Message> encoding) {
        if (messages.length == 0) {
            messages = new Message[SLOTS];
            texts = new byte[SLOTS][];
        }
        int slot = (int) message.offset() & SLOTS - 1;
        if (messages[slot] == message) { // a message is the same object for all who read the log
            return texts[slot];
        }
        scratch.reset();
        encoding.accept(scratch, message);
        byte[] text = Arrays.copyOf(scratch.array(), scratch.length());
        if (text.length <= KEPT_BYTES) {
            messages[slot] = message;
            texts[slot] = text;
            clearLater();
        }
        return text;
    }

    private void clearLater() {
        if (!clearing) {
            clearing = true;
            loop.after(KEPT, () -> {
                clearing = false;
                messages = new Message[0];
                texts = new byte[0][];
            });
        }
    }
}
