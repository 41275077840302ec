package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Topic;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.TopicRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/// The dead letters that one topic keeps: its messages, without those that are on their way again. Any thread.
final class DeadLetterTopic implements DeadLetters {

    private static final int SLICE = 256;
    private static final int SLICE_BYTES = 1 << 20;

    private final String name;
    private final TopicRegistry topics;
    private final Backlogs backlogs;

    /// Offsets of those that are dead letters no more, as long as the topic keeps them.
    private final ConcurrentSkipListSet<Long> redriven = new ConcurrentSkipListSet<>();

    DeadLetterTopic(String name, TopicRegistry topics, Backlogs backlogs) {
        this.name = name;
        this.topics = topics;
        this.backlogs = backlogs;
    }

    @Override
    public String topic() {
        return name;
    }

    private @Nullable Topic log() {
        Topic topic = topics.find(name).orElse(null);
        if (topic == null) {
            redriven.clear();
        } else {
            forget(topic, redriven.headSet(topic.oldest()));
        }
        return topic;
    }

    /// Letters that the topic does not keep any more need no remark.
    private void forget(Topic topic, Set<Long> gone) {
        if (gone.isEmpty()) {
            return;
        }
        List<Long> offsets = List.copyOf(gone);
        gone.clear();
        store(
                topic,
                (batch, number) -> offsets.forEach(
                        offset -> batch.delete(Table.OUTCOMES, Keys.of(DeadLetterDesk.LETTERS, number, offset))));
    }

    private void store(Topic topic, ObjIntConsumer<Store.Batch> change) {
        int number = topic instanceof LiveTopic live ? live.number() : 0;
        if (number != 0) {
            topics.storage().ifPresent(committer -> {
                var _ = committer.add(
                        Committer.Change.lasting(batch -> change.accept(batch, number)),
                        topic.config().durability());
            });
        }
    }

    /// One was redriven before the process began.
    void wasRedriven(long offset) {
        redriven.add(offset);
    }

    /// One that was redriven is done: it is no dead letter any more, whatever happens.
    void done(long offset) {
        topics.find(name)
                .ifPresent(topic -> store(
                        topic,
                        (batch, number) -> batch.put(
                                Table.OUTCOMES,
                                Keys.of(DeadLetterDesk.LETTERS, number, offset),
                                Outcome.DONE.toBytes())));
    }

    @Override
    public long count() {
        Topic log = log();
        return log == null ? 0 : Math.max(0, log.visible() - log.oldest() - redriven.size());
    }

    @Override
    public List<DeadLetter> list(long from, int max) {
        Topic log = log();
        List<DeadLetter> found = new ArrayList<>();
        long next = from;
        while (log != null && found.size() < max) {
            List<Message> slice = log.read(next, SLICE, SLICE_BYTES);
            if (slice.isEmpty()) {
                break;
            }
            for (Message message : slice) {
                DeadLetter letter = redriven.contains(message.offset()) ? null : DeadLetterForm.read(message);
                if (letter != null && found.size() < max) {
                    found.add(letter);
                }
            }
            next = slice.getLast().offset() + 1;
        }
        return found;
    }

    private static boolean holdsOther(Topic log) {
        for (long next = log.oldest(); next < log.visible(); ) {
            List<Message> slice = log.read(next, SLICE, SLICE_BYTES);
            if (slice.isEmpty()) {
                return false;
            }
            if (slice.stream().anyMatch(message -> DeadLetterForm.read(message) == null)) {
                return true;
            }
            next = slice.getLast().offset() + 1;
        }
        return false;
    }

    @Override
    public Optional<DeadLetter> find(long offset) {
        return list(offset, 1).stream()
                .filter(letter -> letter.offset() == offset)
                .findFirst();
    }

    @Override
    public Redriven redrive(@Nullable Collection<Long> offsets, @Nullable String to) {
        int done = 0;
        long next = 0;
        Topic log = log();
        long end = log == null ? 0 : log.visible();
        List<Long> wanted = offsets == null ? List.of() : List.copyOf(new TreeSet<>(offsets));
        for (int i = 0; offsets == null || i < wanted.size(); i++) {
            DeadLetter letter = offsets == null
                    ? list(next, 1).stream().findFirst().orElse(null)
                    : find(wanted.get(i)).orElse(null);
            // What comes in meanwhile is not meant: it may be the same ones again.
            if (offsets == null && (letter == null || letter.offset() >= end)) {
                break;
            }
            // Of two who redrive the same at once, one does it.
            if (letter != null && redriven.add(letter.offset())) {
                next = letter.offset() + 1;
                Refused refused = redrive(letter, to);
                if (refused != null) {
                    redriven.remove(letter.offset());
                    return new Redriven(done, refused);
                }
                done++;
            }
        }
        return new Redriven(done, null);
    }

    private @Nullable Refused redrive(DeadLetter letter, @Nullable String to) {
        Message message = letter.message();
        Backlog backlog = to == null ? backlogs.find(letter.subscription()) : null;
        if (backlog != null && backlog.terms().pattern().matches(message.topic())) {
            Topic topic = topics.find(message.topic())
                    .filter(there -> there.epoch().equals(message.epoch()))
                    .orElse(null);
            if (topic != null && backlog.redrive(message, topic, () -> done(letter.offset()))) {
                return null;
            }
        }
        if (to == null && backlogs.isDormant(letter.subscription())) {
            return new Refused(
                    ErrorCode.BACKPRESSURE,
                    "nobody has come back to '" + letter.subscription()
                            + "', where it failed, since the process began: subscribe there first, or name a topic");
        }
        PublishResult result = topics.publish(to == null ? message.topic() : to, message);
        if (result instanceof Refused refused) {
            return refused;
        }
        done(letter.offset());
        return null;
    }

    @Override
    public long purge() {
        Topic log = log();
        if (log != null && !name.startsWith(DeadLetterDesk.PREFIX) && holdsOther(log)) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "topic '" + name + "' holds messages that are no dead letters; purging would take them too");
        }
        long count = count();
        if (log != null) {
            topics.forget(log);
        }
        return count;
    }
}
