package dev.fanfare.delivery;

import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.Topic;
import dev.fanfare.store.Store;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Stores what a durable subscription or group has done with messages of durable topics, and knows what it had done
/// when the process began.
///
/// The backlog notes what happens, under its lock, and hands it over with [#flush]; what is noted becomes one
/// [Committer.Change], applied in that order by the committing thread, which alone has the [Place]s. Nothing
/// has to be asked of the store while messages flow.
final class Keeper {

    /// So many messages are handed to members before that is stored again.
    private static final long HANDED_STEP = 64;

    private final int number;
    private final Committer committer;
    private final Timers timers;

    // Under the backlog's lock.
    private List<Note> notes = new ArrayList<>();

    /// Stores that there is such a name; null once that was handed over.
    private Committer.@Nullable Change naming;

    private boolean urgent;
    private Durability level;
    private final Map<LiveTopic, Long> handed = new HashMap<>();
    private final Map<Integer, Known> known = new HashMap<>();

    /// Behind a filter, which may let nothing of a topic through for long: the topics that have a place, and up to
    /// where all is known to have come in; null without one.
    private final @Nullable Map<LiveTopic, Long> filtered;

    /// By which somebody heard, or hears, that it is stored at all.
    private final AtomicReference<@Nullable Commit> proof = new AtomicReference<>();

    /// The latest [#flush], or when it was made; null when nothing had to be stored yet.
    private volatile @Nullable Commit latest;

    // The committing thread's.
    private final Map<Integer, Known> before;
    private final @Nullable Dormant earlier;
    private final Map<LiveTopic, Place> places = new HashMap<>();
    private final Set<Place> touched = new LinkedHashSet<>();

    /// Whether it was, or is being, stored that there is such a name.
    private boolean named;

    private boolean again;
    private boolean released;

    /// What the store said of one topic when the process began.
    ///
    /// @param outcomes of messages at or above its low mark
    record Known(Progress progress, Map<Long, Outcome> outcomes) {}

    /// Something that happened. Applied by the committing thread.
    private interface Note {
        void apply(Store.Batch batch);
    }

    /// @param number the subscription's in the store
    /// @param earlier what the store said of it when the process began; null for a new one
    /// @param behindFilter whether there are messages that do not come in
    /// @param name stores that there is a new one: in the first [#flush], together with where it begins, so that
    ///     whenever the process ends there is none or one that is as it was asked for. Null for one that was stored
    Keeper(
            int number,
            boolean behindFilter,
            @Nullable Dormant earlier,
            @Nullable Consumer<Store.Batch> name,
            Committer committer,
            Timers timers) {
        Map<Integer, Known> known = earlier == null ? Map.of() : earlier.known();
        this.earlier = earlier;
        this.number = number;
        this.filtered = behindFilter ? new ConcurrentHashMap<>() : null;
        if (filtered != null && earlier != null) {
            earlier.topics().forEach(topic -> filtered.put(topic, 0L));
        }
        this.named = name == null;
        this.proof.set(name == null ? Commit.done() : null);
        this.naming = name == null ? null : Committer.Change.lasting(batch -> name(name, batch));
        this.level = name == null ? Durability.WRITTEN : Durability.SYNCED;
        this.before = Map.copyOf(known);
        known.forEach((topic, said) -> this.known.put(topic, new Known(said.progress, new HashMap<>(said.outcomes))));
        this.committer = committer;
        this.timers = timers;
    }

    // ---- under the backlog's lock

    private static @Nullable LiveTopic stored(@Nullable Topic topic) {
        return topic instanceof LiveTopic live && live.number() != 0 ? live : null;
    }

    /// From where on a topic is read, unless that was stored before.
    void begin(Topic origin, long offset) {
        LiveTopic topic = stored(origin);
        if (topic != null && !known.containsKey(topic.number())) {
            note(topic, batch -> place(topic, offset));
            urgent = true;
        }
    }

    /// A message came in: what is known of it.
    ///
    /// @return null when it is new
    @Nullable
    Outcome opened(Entry entry) {
        LiveTopic topic = stored(entry.topic);
        if (topic == null) {
            return null;
        }
        long offset = entry.message.offset();
        Known before = known.get(topic.number());
        Outcome outcome = before == null ? null : before.outcomes.remove(offset);
        if (outcome != null && outcome.done()) {
            return outcome;
        }
        note(topic, batch -> place(topic, offset).opened(offset));
        boolean mayHave = before != null && offset < before.progress.handed();
        return mayHave && outcome != null ? outcome.onceMore() : mayHave ? Outcome.mayHaveBeenHanded() : outcome;
    }

    /// It is handed to a member.
    void handed(Entry entry) {
        LiveTopic topic = stored(entry.topic);
        if (topic == null) {
            return;
        }
        long offset = entry.message.offset();
        Long before = handed.get(topic);
        if (before == null || offset >= before) {
            long upTo = (offset / HANDED_STEP + 1) * HANDED_STEP;
            handed.put(topic, upTo);
            note(topic, batch -> place(topic, offset).handed(upTo));
            urgent = true;
        }
        if (entry.attempt > 1) {
            // The mark says only that it may have been handed out; how often before this time is said here.
            Outcome ended = new Outcome(false, entry.attempt - 1, entry.returns, 0, entry.failures);
            note(topic, batch -> place(topic, offset).outcome(batch, offset, ended));
            urgent = true;
        }
    }

    /// It is done.
    void done(Entry entry) {
        LiveTopic topic = stored(entry.topic);
        if (topic != null) {
            long offset = entry.message.offset();
            note(topic, batch -> place(topic, offset).done(batch, offset));
            urgent = true;
        }
    }

    /// An attempt failed, and it waits for the next one.
    ///
    /// @param delayNanos until then
    void failed(Entry entry, long delayNanos) {
        LiveTopic topic = stored(entry.topic);
        if (topic != null) {
            long offset = entry.message.offset();
            long due = delayNanos <= 0 ? 0 : timers.currentTimeMillis() + delayNanos / 1_000_000;
            Outcome outcome = new Outcome(false, entry.attempt, entry.returns, due, entry.failures);
            note(topic, batch -> place(topic, offset).outcome(batch, offset, outcome));
            urgent = true;
        }
    }

    /// How far those topics are of which more was published since they were asked the last time.
    Map<LiveTopic, Long> ends() {
        Map<LiveTopic, Long> ends = new HashMap<>();
        Map<LiveTopic, Long> all = Objects.requireNonNull(filtered);
        all.keySet().removeIf(LiveTopic::isGone);
        all.forEach((topic, passed) -> {
            if (topic.visible() > passed) {
                ends.put(topic, topic.heardUpTo());
            }
        });
        return ends;
    }

    /// What lies below and did not come in did not match.
    void passed(LiveTopic topic, long upTo) {
        note(topic, batch -> place(topic, upTo).passed(upTo));
        Objects.requireNonNull(filtered).put(topic, upTo);
    }

    private void note(LiveTopic topic, Note note) {
        if (filtered != null) {
            filtered.putIfAbsent(topic, 0L);
        }
        notes.add(note);
        level = level.or(topic.config().durability());
    }

    /// Hands over what was noted.
    void flush() {
        if (notes.isEmpty() && naming == null) {
            return;
        }
        Change change = take();
        if (naming != null) {
            latest = committer.add(List.of(naming, change), level);
            naming = null;
            urgent = false;
        } else if (urgent) {
            urgent = false;
            latest = committer.add(change, level);
        } else {
            committer.addQuietly(change);
        }
        level = Durability.WRITTEN;
    }

    private Change take() {
        Change change = new Change(notes);
        notes = new ArrayList<>();
        return change;
    }

    /// What was noted before is handed over; that these are done is to be stored together with something else,
    /// and has not happened if that fails. Nobody else says so.
    ///
    /// @return null when nothing has to be stored
    Committer.@Nullable Change together(List<Entry> done) {
        List<Entry> kept =
                done.stream().filter(entry -> stored(entry.topic) != null).toList();
        if (kept.isEmpty()) {
            return null;
        }
        flush();
        return new Together(kept);
    }

    // ---- any thread

    /// Tells when what was said so far is stored; null when nothing has to be.
    @Nullable
    Commit latest() {
        Commit said = latest;
        if (said != null && said.isDone() && said.await() != null) {
            // It was said again since, or will be.
            said = committer.settled(Durability.SYNCED);
            latest = said;
        }
        Commit before = proof.get();
        if (before == null || before.isDone() && before.await() != null) {
            proof.compareAndSet(before, said);
        }
        return said;
    }

    /// Whether anybody may have heard that it is stored.
    boolean isStored() {
        Commit said = proof.get();
        return said != null && said.isDone() && said.await() == null;
    }

    int number() {
        return number;
    }

    // ---- the committing thread

    private void name(Consumer<Store.Batch> name, Store.Batch batch) {
        if (!released) {
            named = true;
            name.accept(batch);
        }
    }

    private Place place(LiveTopic topic, long from) {
        Place place = places.get(topic);
        if (place == null) {
            Known said = before.get(topic.number());
            place = said == null
                    ? new Place(number, topic, from, 0, Map.of())
                    : new Place(number, topic, said.progress.low(), said.progress.handed(), said.outcomes);
            places.put(topic, place);
            topic.hold(number, place.low());
        }
        touched.add(place);
        return place;
    }

    /// Nothing of it is needed any more, whatever is still said of it.
    void release() {
        released = true;
        places.values().forEach(Place::release);
        if (earlier != null) {
            // Also topics of which nothing has come since.
            earlier.release();
        }
    }

    /// Says everything again: the store has lost something.
    ///
    /// @return false when nothing of it is needed any more, or nothing was said before
    boolean sayAgain(Store.Batch batch) {
        if (!released && earlier != null) {
            // Also topics of which nothing has come since.
            earlier.topics().forEach(topic -> place(topic, 0));
        }
        again = true;
        settle(batch);
        return !released && named;
    }

    private void settle(Store.Batch batch) {
        if (released) {
            return;
        }
        if (again) {
            again = false;
            places.values().forEach(place -> place.again(batch));
            touched.addAll(places.values());
        }
        for (Place place : touched) {
            if (place.topic().isGone()) {
                place.end(batch);
                places.remove(place.topic());
            } else {
                place.settle(batch);
            }
        }
        touched.clear();
    }

    /// It is not known what the store holds: it is told everything as soon as anything can be stored.
    private Settling sayAgain() {
        again = true;
        return new Settling();
    }

    /// Moves on as far as everything is done.
    private final class Settling implements Committer.Change {

        @Override
        public void write(Store.Batch batch) {
            settle(batch);
        }

        @Override
        public Committer.Change failed() {
            return sayAgain();
        }
    }

    /// What happened, in its order.
    private final class Change implements Committer.Change {
        private final List<Note> notes;
        private boolean applied;

        Change(List<Note> notes) {
            this.notes = notes;
        }

        private void apply(Store.Batch batch) {
            applied = true;
            if (!released) {
                notes.forEach(note -> note.apply(batch));
            }
        }

        @Override
        public void write(Store.Batch batch) {
            apply(batch);
            settle(batch);
        }

        /// What happened has happened: it is stored as soon as anything can be.
        @Override
        public Committer.Change failed() {
            if (!applied) {
                apply(Discarding.BATCH);
            }
            return sayAgain();
        }
    }

    /// What happens only if it is stored.
    private final class Together implements Committer.Change {
        private final List<Entry> done;

        /// What was said of each before; empty when nothing was said.
        private final List<Optional<Outcome>> before = new ArrayList<>(1);

        private boolean stored;

        Together(List<Entry> done) {
            this.done = List.copyOf(done);
        }

        @Override
        public Durability level() {
            Durability level = Durability.WRITTEN;
            for (Entry entry : done) {
                level = level.or(topic(entry).config().durability());
            }
            return level;
        }

        @Override
        public void write(Store.Batch batch) {
            if (released) {
                return;
            }
            for (Entry entry : done) {
                Place place = place(entry);
                before.add(Optional.ofNullable(place.outcome(entry.message.offset())));
                place.outcome(batch, entry.message.offset(), Outcome.DONE);
            }
        }

        @Override
        public void stored() {
            stored = true;
            if (released) {
                return;
            }
            // That it is done is stored already, beside its position.
            done.forEach(entry -> place(entry).done(Discarding.BATCH, entry.message.offset()));
            committer.addQuietly(new Settling());
        }

        @Override
        public Committer.@Nullable Change failed() {
            if (stored || before.isEmpty()) {
                return null;
            }
            for (int i = 0; i < done.size(); i++) {
                Entry entry = done.get(i);
                place(entry).takeBack(entry.message.offset(), before.get(i).orElse(null));
            }
            return sayAgain();
        }

        private Place place(Entry entry) {
            return Keeper.this.place(topic(entry), entry.message.offset());
        }

        private static LiveTopic topic(Entry entry) {
            return Objects.requireNonNull(Keeper.stored(entry.topic));
        }
    }
}
