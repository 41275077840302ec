package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Store;
import java.util.List;

/// A durable log that is committed whenever it is revealed, as the committer does it, but by the thread that
/// writes.
final class CommittingLog implements TopicLog {

    private final DurableTopicLog log;
    private final Store store;

    CommittingLog(DurableTopicLog log, Store store) {
        this.log = log;
        this.store = store;
    }

    DurableTopicLog durable() {
        return log;
    }

    @Override
    public void reveal(long upTo) {
        if (upTo < log.visible() || upTo > log.end()) {
            log.reveal(upTo);
        }
        Store.Batch batch = store.batch();
        long cost = log.record(batch, log.visible(), upTo, new ByteWriter(16));
        log.mark(batch, upTo, cost);
        store.write(batch);
        log.reveal(upTo);
        tidy();
    }

    private void tidy() {
        while (log.needsHead()) {
            log.loadHead();
            log.expire();
        }
    }

    @Override
    public void expire() {
        log.expire();
        tidy();
    }

    @Override
    public String epoch() {
        return log.epoch();
    }

    @Override
    public long end() {
        return log.end();
    }

    @Override
    public long visible() {
        return log.visible();
    }

    @Override
    public long oldest() {
        return log.oldest();
    }

    @Override
    public long lastTimestamp() {
        return log.lastTimestamp();
    }

    @Override
    public long forgottenTimestamp() {
        return log.forgottenTimestamp();
    }

    @Override
    public long bytes() {
        return log.bytes();
    }

    @Override
    public void append(Message message) {
        log.append(message);
    }

    @Override
    public List<Message> appended(long from, long to) {
        return log.appended(from, to);
    }

    @Override
    public void takeBack(long end) {
        log.takeBack(end);
    }

    @Override
    public long shrink(long bytes) {
        return log.shrink(bytes);
    }

    @Override
    public List<Message> read(long from, int maxMessages, int maxBytes) {
        return log.read(from, maxMessages, maxBytes);
    }

    @Override
    public long firstAt(long timestampMillis) {
        return log.firstAt(timestampMillis);
    }

    @Override
    public void close() {
        log.close();
    }
}
