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
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.Restatement;
import dev.fanfare.topic.TopicRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/// The dead letters that one topic keeps: its messages, without those that are on their way again. Any thread.
final class DeadLetterTopic implements DeadLetters {

    private static final int SLICE = 256;
    private static final int SLICE_BYTES = 1 << 20;

    private final String name;
    private final TopicRegistry topics;
    private final Backlogs backlogs;

    private @Nullable Lifetime latest;

    /// The topic, as long as it is not deleted: one that is made again has other letters.
    ///
    /// @param redriven offsets of those that are dead letters no more, as long as the topic keeps them
    /// @param marked those of them of which the store has to know it: what they were is done
    private record Lifetime(LiveTopic topic, ConcurrentSkipListSet<Long> redriven, ConcurrentSkipListSet<Long> marked) {
        Lifetime(LiveTopic topic) {
            this(topic, new ConcurrentSkipListSet<>(), new ConcurrentSkipListSet<>());
        }
    }

    DeadLetterTopic(String name, TopicRegistry topics, Backlogs backlogs) {
        this.name = name;
        this.topics = topics;
        this.backlogs = backlogs;
    }

    @Override
    public String topic() {
        return name;
    }

    /// The topic that there is now; null when there is none.
    private synchronized @Nullable Lifetime now() {
        LiveTopic topic = (LiveTopic) topics.find(name).orElse(null);
        Lifetime now = latest;
        if (topic == null) {
            now = null;
        } else if (now == null || now.topic != topic) {
            now = new Lifetime(topic);
        } else {
            now.marked.headSet(topic.oldest()).clear();
            forget(topic, now.redriven.headSet(topic.oldest()));
        }
        latest = now;
        return now;
    }

    /// Letters that the topic does not keep any more need no remark.
    private void forget(LiveTopic topic, Set<Long> gone) {
        if (gone.isEmpty()) {
            return;
        }
        List<Long> offsets = List.copyOf(gone);
        gone.clear();
        int number = topic.number();
        if (number != 0) {
            topics.storage()
                    .ifPresent(committer -> committer.addQuietly(Committer.Change.lasting(batch -> offsets.forEach(
                            offset -> batch.delete(Table.OUTCOMES, ReturnedLetter.key(topic, offset))))));
        }
    }

    /// One was redriven before the process began.
    void wasRedriven(long offset) {
        Lifetime now = now();
        if (now != null) {
            now.redriven.add(offset);
            now.marked.add(offset);
        }
    }

    /// Which are none any more, whatever the store says now. On the committing thread, under no lock.
    synchronized void sayAgain(Restatement to) {
        Lifetime there = latest;
        if (there == null || there.topic.number() == 0 || there.topic.isGone()) {
            return;
        }
        int number = there.topic.number();
        to.next();
        to.deleteRange(Table.OUTCOMES, Keys.of(Keys.LETTERS, number), Keys.of(Keys.LETTERS, number + 1));
        there.marked.forEach(offset -> ReturnedLetter.mark(to, there.topic, offset));
    }

    @Override
    public long count() {
        Lifetime now = now();
        return now == null ? 0 : Math.max(0, now.topic.visible() - now.topic.oldest() - now.redriven.size());
    }

    @Override
    public List<DeadLetter> list(long from, int max) {
        Lifetime now = now();
        return now == null ? List.of() : list(now, from, max);
    }

    private static List<DeadLetter> list(Lifetime of, long from, int max) {
        List<DeadLetter> found = new ArrayList<>();
        long next = from;
        while (found.size() < max) {
            List<Message> slice = of.topic.read(next, SLICE, SLICE_BYTES);
            if (slice.isEmpty()) {
                break;
            }
            for (Message message : slice) {
                DeadLetter letter = of.redriven.contains(message.offset()) ? null : DeadLetterForm.read(message);
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
        Lifetime now = now();
        return now == null ? Optional.empty() : find(now, offset);
    }

    private static Optional<DeadLetter> find(Lifetime of, long offset) {
        return list(of, offset, 1).stream()
                .filter(letter -> letter.offset() == offset)
                .findFirst();
    }

    @Override
    public Redriven redrive(@Nullable Collection<Long> offsets, @Nullable String to) {
        Lifetime now = now();
        return now == null ? new Redriven(0, null) : redrive(now, offsets, to);
    }

    private Redriven redrive(Lifetime of, @Nullable Collection<Long> offsets, @Nullable String to) {
        int done = 0;
        long next = 0;
        long end = of.topic.visible();
        List<Long> wanted = offsets == null ? List.of() : List.copyOf(new TreeSet<>(offsets));
        for (int i = 0; offsets == null || i < wanted.size(); i++) {
            DeadLetter letter = offsets == null
                    ? list(of, next, 1).stream().findFirst().orElse(null)
                    : find(of, wanted.get(i)).orElse(null);
            // What comes in meanwhile is not meant: it may be the same ones again.
            if (offsets == null && (letter == null || letter.offset() >= end)) {
                break;
            }
            // Of two who redrive the same at once, one does it.
            if (letter != null && of.redriven.add(letter.offset())) {
                next = letter.offset() + 1;
                Refused refused = redrive(of, letter, to);
                if (refused != null) {
                    of.redriven.remove(letter.offset());
                    return new Redriven(done, refused);
                }
                done++;
            }
        }
        return new Redriven(done, null);
    }

    private @Nullable Refused redrive(Lifetime of, DeadLetter letter, @Nullable String to) {
        Message message = letter.message();
        ReturnedLetter returned = new ReturnedLetter(
                of.topic, letter.offset(), of.marked, topics.storage().orElse(null));
        Backlog backlog = to == null ? backlogs.find(letter.subscription()) : null;
        if (backlog != null && backlog.terms().pattern().matches(message.topic())) {
            Topic topic = topics.find(message.topic())
                    .filter(there -> there.epoch().equals(message.epoch()))
                    .orElse(null);
            if (topic != null && backlog.redrive(message, topic, returned)) {
                return null;
            }
        }
        if (to == null && backlogs.isDormant(letter.subscription())) {
            return new Refused(
                    ErrorCode.BACKPRESSURE,
                    "nobody has come back to '" + letter.subscription()
                            + "', where it failed, since the process began: subscribe there first, or name a topic");
        }
        String target = to == null ? message.topic() : to;
        ReturnedLetter.Together done = returned.together();
        PublishResult result = topics.publish(target, message, null, done);
        if (result instanceof PublishResult.Accepted there && there.duplicate()) {
            // Where repeats are recognised it is one, of itself. It is meant to be done once more.
            result = topics.publish(target, message.withId(""), null, done);
        }
        if (result instanceof Refused refused) {
            return refused;
        }
        if (done != null && !done.isStored()) {
            // Where it was published is less lasting than the letter.
            returned.done();
        }
        return null;
    }

    @Override
    public long purge() {
        Lifetime now = now();
        Topic log = now == null ? null : now.topic;
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
