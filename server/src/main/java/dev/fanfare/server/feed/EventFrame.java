package dev.fanfare.server.feed;

import dev.fanfare.Message;
import org.jspecify.annotations.Nullable;

/// The frame of one event while it is being published; belongs to the publishing thread and to one kind.
final class EventFrame {

    private final EventEncoding encoding;
    private final TextFrame frame = new TextFrame();
    private final @Nullable FrameDeflater deflater;
    private boolean finished;

    EventFrame(EventEncoding encoding) {
        this.encoding = encoding;
        this.deflater = encoding.compressed() ? new FrameDeflater() : null;
    }

    void begin(String topic, Message draft) {
        finished = false;
        if (deflater == null) {
            encoding.head(frame.begin(), topic, draft);
        } else {
            encoding.head(deflater.begin(), topic, draft);
            deflater.compressTo(frame.begin());
        }
    }

    void finish(Message message) {
        if (finished) {
            return;
        }
        finished = true;
        if (deflater == null) {
            encoding.tail(frame.text(), message);
            frame.end(TextFrame.TEXT);
        } else {
            encoding.tail(deflater.begin(), message);
            deflater.storeTo(frame.text());
            frame.end(TextFrame.COMPRESSED_TEXT);
        }
    }

    byte[] array() {
        return frame.array();
    }

    int from() {
        return frame.from();
    }

    int length() {
        return frame.length();
    }
}
