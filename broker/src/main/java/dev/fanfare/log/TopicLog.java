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
/// [#append], [#reveal], [#takeBack], [#expire], [#shrink] and [#close] are called by one thread at a time, the
/// topic in its section; they must not block. Everything else may be called by any thread at any time, also after
/// [#close].
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

    /// Kept messages in order, beginning at `from` or, if that is forgotten, at the oldest kept after it. Never a
    /// gap within.
    ///
    /// @param maxMessages at least 1
    /// @param maxBytes bound of the payloads' sizes together, from the second message on
    /// @return empty when nothing is kept between `from` and [#visible]
    List<Message> read(long from, int maxMessages, int maxBytes);

    /// The offset of the first kept message with this timestamp or a later one, [#visible] when there is none.
    long firstAt(long timestampMillis);

    /// The topic is gone: nothing will be appended or revealed any more. What is kept stays readable for whoever
    /// still reads.
    @Override
    void close();

    /// What keeping a message costs in memory, about, in bytes.
    static long cost(Message message) {
        long cost = Retention.OVERHEAD
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
