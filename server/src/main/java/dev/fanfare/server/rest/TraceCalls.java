package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.protocol.JsonBytes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What happened to a message, standard dialect: what logs and dead letters know, and what was recorded. Of single
/// messages nothing is recorded unless somebody has asked for it, and only for as long.
final class TraceCalls {

    private static final int WATCH_MAX_SECONDS = 3_600;
    private static final int EVENTS_MAX = 10_000;
    private static final int LOOKED_AT_MAX = 1_000_000;
    private static final int PAGE = 1_000;
    private static final int PAGE_BYTES = 4 << 20;

    private final Broker broker;
    private final ReentrantLock lock = new ReentrantLock();

    /// Guarded by the lock.
    private @Nullable Recording recording;

    TraceCalls(Broker broker) {
        this.broker = broker;
    }

    Route route() {
        return Route.slow("GET", "/trace/{id}", Need.FIGURES, this::trace);
    }

    private Answer trace(Call call) {
        String id = call.variable("id");
        Recording recorded = recording(call.parameter("watch", 0, 0, WATCH_MAX_SECONDS));
        String only = call.parameter("topic").orElse(null);
        List<Topic> topics;
        if (only == null) {
            try (Stream<Topic> all = broker.topics()) {
                topics = all.toList();
            }
        } else {
            topics = List.of(TopicCalls.existing(broker, only));
        }
        return Answer.json(200, out -> {
            out.raw("{\"id\":").string(id).raw(",\"stored\":[");
            boolean complete = stored(out, topics, id);
            out.raw("],\"dead_letters\":[");
            deadLetters(out, topics, id);
            out.raw("],\"complete\":").raw(Boolean.toString(complete));
            out.raw(",\"recording\":").raw(Boolean.toString(recorded != null)).raw(",\"events\":[");
            if (recorded != null) {
                recorded.write(out, id);
            }
            out.raw("]}");
        });
    }

    /// Where the logs have it.
    ///
    /// @return whether all that is kept was looked at
    private static boolean stored(JsonBytes out, List<Topic> topics, String id) {
        int looked = 0;
        String separator = "";
        for (Topic topic : topics) {
            long from = topic.oldest();
            List<Message> page = topic.read(from, PAGE, PAGE_BYTES);
            while (!page.isEmpty()) {
                for (Message message : page) {
                    if (message.id().equals(id)) {
                        out.raw(separator).raw("{\"topic\":").string(topic.name());
                        out.raw(",\"offset\":").number(message.offset());
                        out.raw(",\"epoch\":").string(message.epoch());
                        out.raw(",\"ts\":").timestamp(message.timestampMillis()).raw("}");
                        separator = ",";
                    }
                }
                looked += page.size();
                if (looked >= LOOKED_AT_MAX) {
                    return false;
                }
                page = topic.read(page.getLast().offset() + 1, PAGE, PAGE_BYTES);
            }
        }
        return true;
    }

    private void deadLetters(JsonBytes out, List<Topic> topics, String id) {
        String separator = "";
        for (Topic topic : topics) {
            if (topic.counters().deadLettered() == 0 && !topic.config().isDurable()) {
                continue;
            }
            DeadLetters letters = broker.deadLetters(topic.name());
            for (DeadLetter letter : letters.list(0, PAGE)) {
                if (letter.message().id().equals(id)) {
                    out.raw(separator).raw("{\"topic\":").string(topic.name());
                    out.raw(",\"kept_in\":").string(letters.topic());
                    out.raw(",\"offset\":").number(letter.offset());
                    out.raw(",\"at\":").timestamp(letter.at().toEpochMilli());
                    out.raw(",\"subscription\":").string(letter.subscription());
                    out.raw(",\"attempts\":").number(letter.attempts());
                    out.raw(",\"reason\":").string(letter.reason().label());
                    out.raw(",\"first_error\":").string(letter.firstError());
                    out.raw(",\"last_error\":").string(letter.lastError()).raw("}");
                    separator = ",";
                }
            }
        }
    }

    /// What is recorded; null when nothing is.
    ///
    /// @param seconds for which it goes on from now on at least; 0 changes nothing
    private @Nullable Recording recording(int seconds) {
        lock.lock();
        try {
            Recording now = recording;
            if (seconds > 0) {
                if (now == null) {
                    now = new Recording();
                    recording = now;
                    now.registration = broker.listen(now);
                }
                long until =
                        broker.timers().nanoTime() + Duration.ofSeconds(seconds).toNanos();
                if (until - now.until > 0) {
                    now.until = until;
                    endLater(now, Duration.ofSeconds(seconds));
                }
            }
            return now;
        } finally {
            lock.unlock();
        }
    }

    private void endLater(Recording which, Duration delay) {
        var _ = broker.timers().schedule(delay, () -> end(which));
    }

    /// Ends it unless somebody has asked for more meanwhile.
    private void end(Recording which) {
        lock.lock();
        try {
            if (recording == which && broker.timers().nanoTime() - which.until >= 0) {
                recording = null;
                BrokerListener.Registration registration = which.registration;
                if (registration != null) {
                    registration.close();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// The newest of what happened to messages while somebody wanted to know.
    private final class Recording implements BrokerListener {

        private record Happened(long millis, String id, BrokerEvent event) {}

        private final ReentrantLock writing = new ReentrantLock();
        private final ArrayDeque<Happened> happened = new ArrayDeque<>();

        /// Both guarded by the lock of those who ask.
        private BrokerListener.@Nullable Registration registration;

        private long until = broker.timers().nanoTime();

        @Override
        public void onEvent(BrokerEvent event) {
            String id = id(event);
            if (id != null) {
                writing.lock();
                try {
                    if (happened.size() == EVENTS_MAX) {
                        happened.removeFirst();
                    }
                    happened.addLast(new Happened(broker.timers().currentTimeMillis(), id, event));
                } finally {
                    writing.unlock();
                }
            }
        }

        private static @Nullable String id(BrokerEvent event) {
            return switch (event) {
                case BrokerEvent.MessageEnqueued each -> each.messageId();
                case BrokerEvent.PublishRepeated each -> each.messageId();
                case BrokerEvent.Delivering each -> each.messageId();
                case BrokerEvent.Delivered each -> each.messageId();
                case BrokerEvent.Failed each -> each.messageId();
                case BrokerEvent.RetryScheduled each -> each.messageId();
                case BrokerEvent.DeadLettered each -> each.messageId();
                default -> null;
            };
        }

        /// What happened to one message, in order.
        void write(JsonBytes out, String id) {
            List<Happened> found;
            writing.lock();
            try {
                found = new ArrayList<>(
                        happened.stream().filter(each -> each.id.equals(id)).toList());
            } finally {
                writing.unlock();
            }
            Iterator<Happened> each = found.iterator();
            while (each.hasNext()) {
                Happened one = each.next();
                EventCalls.write(out, one.event, one.millis);
                out.raw(each.hasNext() ? "," : "");
            }
        }
    }
}
