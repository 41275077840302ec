package dev.fanfare.cli;

import dev.fanfare.Broker;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StoreFigures;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// What can be done with a store that is open: by the command line when nobody uses it, by the server that uses it when
/// the command line asks. Every method tells its lines to `out`, and throws [IOException] or a runtime exception whose
/// message is for people.
final class StorageWork {

    private static final int SLICE = 1_000;
    private static final int SLICE_BYTES = 4 << 20;

    /// How long an import waits for a store that fails, or for room.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Broker broker;
    private final RocksStore store;

    StorageWork(Broker broker, RocksStore store) {
        this.broker = broker;
        this.store = store;
    }

    /// Topics, and what the store takes.
    void stats(Consumer<String> out) {
        StoreFigures figures = store.figures();
        out.accept(String.format("%-40s %12s %12s %12s", "topic", "messages", "oldest", "next"));
        try (var topics = broker.topics()) {
            for (Iterator<Topic> each = topics.iterator(); each.hasNext(); ) {
                Topic topic = each.next();
                if (topic.config().isDurable()) {
                    out.accept(String.format(
                            "%-40s %12d %12d %12d",
                            topic.name(), topic.visible() - topic.oldest(), topic.oldest(), topic.visible()));
                }
            }
        }
        out.accept("");
        out.accept(String.format("%-40s %12s %12s %12s", "table", "bytes", "files", "keys"));
        figures.tables()
                .forEach((table, size) -> out.accept(String.format(
                        "%-40s %12d %12d %12d",
                        table.name().toLowerCase(Locale.ROOT), size.bytes(), size.files(), size.keys())));
        out.accept("");
        out.accept("write-ahead log: " + figures.log() + " bytes; to be compacted: " + figures.pending() + " bytes");
        out.accept(
                "free on the device: " + figures.free() + " bytes, of which " + figures.room() + " may be written to");
        store.damages().forEach(damage -> out.accept("damaged: " + damage));
    }

    /// A consistent copy.
    void backup(String target, Consumer<String> out, RocksStore.Progress progress) {
        store.backup(Path.of(target), progress);
        out.accept("copied to " + target);
    }

    /// The messages of a topic, a line each.
    ///
    /// @param progress is told how many of the offsets are done
    void export(String name, Consumer<String> out, RocksStore.Progress progress) {
        Topic topic = existing(name);
        long begin = topic.oldest();
        long next = begin;
        long end = topic.visible();
        while (next < end) {
            List<Message> slice = topic.read(next, SLICE, SLICE_BYTES);
            if (slice.isEmpty()) {
                return;
            }
            for (Message message : slice) {
                if (message.offset() < end) {
                    out.accept(MessageLines.write(message));
                }
            }
            next = slice.getLast().offset() + 1;
            progress.at(Math.min(next, end) - begin, end - begin);
        }
    }

    private Topic existing(String name) {
        return broker.topic(name)
                .filter(topic -> topic.config().isDurable())
                .orElseThrow(() -> new IllegalArgumentException("there is no durable topic '" + name + "'"));
    }

    /// Publishes lines as [#export] wrote them; makes the topic, durable and with a long history, if there is none.
    void importInto(String name, BufferedReader lines, Consumer<String> out) throws IOException {
        if (broker.topic(name).isEmpty()) {
            broker.createTopic(
                    name,
                    TopicConfig.defaults()
                            .withHistory(10_000_000)
                            .withHistoryBytes(1L << 40)
                            .withDurability(Durability.WRITTEN));
        }
        long read = new ImportRun(broker, name, PATIENCE, out).run(lines);
        out.accept("imported " + read + " lines into " + name);
    }
}
