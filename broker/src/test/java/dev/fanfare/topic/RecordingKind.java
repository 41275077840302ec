package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The simplest feeds there can be: every cursor keeps what it saw.
final class RecordingKind implements FeedKind<RecordingKind.Cursor> {

    private final List<RecordingFeed> opened = new ArrayList<>();

    /// How often a message was prepared.
    final AtomicInteger prepared = new AtomicInteger();

    /// One entry of a feed.
    ///
    /// @param readable whether its topic showed it when it came
    record Frame(Topic topic, Message message, boolean readable) {}

    /// What one subscriber saw.
    static final class Cursor {
        private final List<Frame> frames = new ArrayList<>();
        private boolean ended;

        synchronized List<Frame> frames() {
            return List.copyOf(frames);
        }

        synchronized List<Long> offsets() {
            return frames.stream().map(frame -> frame.message().offset()).toList();
        }

        synchronized boolean ended() {
            return ended;
        }
    }

    /// Appends to each attached cursor.
    static final class RecordingFeed implements Feed<Cursor> {
        final Pattern pattern;
        private final List<Cursor> cursors = new ArrayList<>();
        private final List<Runnable> waiting = new ArrayList<>();
        long answer = OPEN;
        volatile Runnable beforeAppend = () -> {};
        boolean congested;
        boolean drainsHere;
        int wakes;
        boolean closed;

        RecordingFeed(Pattern pattern) {
            this.pattern = pattern;
        }

        @Override
        public synchronized long admit() {
            return answer;
        }

        @Override
        public void append(Topic topic, Message message, @Nullable Object prepared) {
            beforeAppend.run();
            take(topic, message, prepared);
        }

        private synchronized void take(Topic topic, Message message, @Nullable Object prepared) {
            if (closed) {
                throw new IllegalStateException("appended to a closed feed");
            }
            if (prepared != null && !prepared.equals("prepared " + message.id())) {
                throw new IllegalStateException("prepared for another message: " + prepared);
            }
            for (Cursor cursor : cursors) {
                synchronized (cursor) {
                    cursor.frames.add(new Frame(topic, message, message.offset() < topic.visible()));
                }
            }
        }

        @Override
        public synchronized void wake() {
            wakes++;
        }

        @Override
        public synchronized boolean congested() {
            return congested;
        }

        @Override
        public boolean drainsHere() {
            return drainsHere;
        }

        @Override
        public void onRoom(Runnable action) {
            synchronized (this) {
                if (answer != OPEN || congested) {
                    waiting.add(action);
                    return;
                }
            }
            action.run();
        }

        synchronized int waiting() {
            return waiting.size();
        }

        void makeRoom() {
            List<Runnable> actions;
            synchronized (this) {
                answer = OPEN;
                congested = false;
                actions = List.copyOf(waiting);
                waiting.clear();
            }
            actions.forEach(Runnable::run);
        }

        @Override
        public synchronized void attach(Cursor cursor) {
            cursors.add(cursor);
        }

        @Override
        public synchronized void detach(Cursor cursor) {
            cursors.remove(cursor);
        }

        @Override
        public synchronized void end() {
            for (Cursor cursor : cursors) {
                synchronized (cursor) {
                    cursor.ended = true;
                }
            }
        }

        @Override
        public synchronized void close() {
            closed = true;
        }
    }

    @Override
    public Feed<Cursor> open(Pattern pattern) {
        RecordingFeed feed = new RecordingFeed(pattern);
        synchronized (opened) {
            opened.add(feed);
        }
        return feed;
    }

    @Override
    public Object prepare(Topic topic, Message draft) {
        prepared.incrementAndGet();
        return "prepared " + draft.id();
    }

    RecordingFeed feed(int index) {
        synchronized (opened) {
            return opened.get(index);
        }
    }

    int opened() {
        synchronized (opened) {
            return opened.size();
        }
    }
}
