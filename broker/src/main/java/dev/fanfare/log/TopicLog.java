package dev.fanfare.log;

import dev.fanfare.Message;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The messages of one topic, each with its offset, counted from 0 without gaps.
///
/// ```
///   forgotten      kept, readable        appended, not yet as safe as promised
///  0 ......... oldest ............ visible .............. end
/// ```
///
/// Whoever reads sees only what is below `visible`. A log in memory raises both marks together; a durable one
/// raises `visible` when what was appended is safe, and gives it up with [#takeBack] when it can't be made safe:
/// nobody has seen it then.
///
/// [#append], [#reveal], [#takeBack], [#expire], [#shrink], [#relieve] and [#close] are called by one thread at
/// a time, the topic in its section; they must not block. Everything else may be called by any thread at any
/// time, also after [#close]. What is not [#cached] is read from a device: not on an event loop, not in a section.
public interface TopicLog extends AutoCloseable {

    /// The identity of this log's lifetime: 1 to 8 characters out of `0-9a-z`.
    String epoch();

    /// The offset that the next message gets.
    long end();

    /// The offset below which messages may be read. Never falls.
    long visible();

    /// The lowest offset that is kept and not too old now; equals [#visible] when nothing is. Never falls.
    long oldest();

    /// The timestamp of the newest message appended, −1 before the first: the next one must not have a lower one.
    long lastTimestamp();

    /// The timestamp of the newest message that was forgotten or is too old now, −1 if there is none: every visible
    /// message with a higher timestamp is still kept.
    long forgottenTimestamp();

    /// What the kept messages cost by [#cost], in bytes.
    long bytes();

    /// Adds a message. Its offset is [#end], its timestamp not below [#lastTimestamp].
    void append(Message message);

    /// Messages that were appended, visible or not. By whoever has heard from the writer that they were, and
    /// nobody takes them back meanwhile.
    ///
    /// @param from not below [#visible]
    /// @param to at most [#end]
    List<Message> appended(long from, long to);

    /// Raises [#visible]; then forgets what [Retention] says.
    ///
    /// @param visible between the present mark and [#end]
    void reveal(long visible);

    /// Takes the messages from `end` on back.
    ///
    /// @param end between [#visible] and the present end
    void takeBack(long end);

    /// Gives the memory of messages back that are too old now.
    void expire();

    /// Forgets the oldest visible messages until the log costs at most so many bytes.
    ///
    /// @return how many were forgotten
    long shrink(long bytes);

    /// From this offset on [#read] never blocks, unless the writer takes it out of memory meanwhile.
    default long cached() {
        return oldest();
    }

    /// What the log holds in memory, in bytes.
    default long memory() {
        return bytes();
    }

    /// Gives memory back until it holds at most so many bytes. A log in memory forgets its oldest messages for
    /// that.
    ///
    /// @return how many were forgotten
    default long relieve(long bytes) {
        return shrink(bytes);
    }

    /// Whether messages between two that are kept may be missing without having been lost.
    default boolean hasHoles() {
        return false;
    }

    /// Kept messages in order, beginning at `from` or, if that is forgotten, at the oldest kept after it. Never a
    /// gap within, unless it [#hasHoles].
    ///
    /// @param maxMessages at least 1
    /// @param maxBytes bound of the payloads' sizes together, from the second message on
    /// @return empty when nothing is kept between `from` and [#visible]
    List<Message> read(long from, int maxMessages, int maxBytes);

    /// [#read] that reads no device.
    ///
    /// @return null when what comes next is not in memory
    default @Nullable List<Message> readCached(long from, int maxMessages, int maxBytes) {
        return read(from, maxMessages, maxBytes);
    }

    /// The offset of the first kept message with this timestamp or a later one, [#visible] when there is none.
    long firstAt(long timestampMillis);

    /// [#firstAt] that reads no device.
    ///
    /// @return −1 when that can't be told from what is in memory
    default long firstCachedAt(long timestampMillis) {
        return firstAt(timestampMillis);
    }

    /// The topic is gone: nothing will be appended or revealed any more. What is kept stays readable for whoever
    /// still reads.
    @Override
    void close();

    /// What keeping a message costs in memory, about, in bytes.
    static long cost(Message message) {
        long cost = Retention.OVERHEAD
                + (message.turn() == 0 ? 0 : 40)
                + (long) message.payload().storedSize()
                + length(message.type())
                + length(message.key())
                + length(message.replyTo())
                + length(message.correlationId());
        if (!message.headers().isEmpty()) {
            for (Map.Entry<String, String> header : message.headers().entrySet()) {
                cost += 100 + header.getKey().length() + header.getValue().length();
            }
        }
        return cost;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
