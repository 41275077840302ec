package dev.fanfare.request;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.Commit;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Asker;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.TopicRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// The requests of a broker that wait for replies. A request is a message with an address for its reply that
/// nobody can guess; what is published to that address goes to the one who asked and is stored nowhere. Any
/// thread.
public final class Requests {

    /// How the address of every reply begins.
    public static final String PREFIX = "$reply/";

    /// The longest that may be waited.
    private static final Duration LONGEST = Duration.ofDays(1);

    private static final int SECRET_BYTES = 18;

    private final TopicRegistry topics;
    private final Timers timers;
    private final Events events;
    private final IntSupplier limit;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder unanswerable = new LongAdder();
    private volatile boolean closed;

    /// Nobody waits yet.
    ///
    /// @param limit how many requests may wait, at the moment
    public Requests(TopicRegistry topics, Timers timers, Events events, IntSupplier limit) {
        this.topics = topics;
        this.timers = timers;
        this.events = events;
        this.limit = limit;
    }

    /// One request. Whoever takes it out of the map ends it.
    private final class Waiting {
        private final String topic;
        private final String address;
        private final Asker asker;
        private final int wanted;

        /// How many replies end it. Guarded by this.
        private int left;
        private volatile Timers.@Nullable Timer timer;

        Waiting(String topic, String address, Asker asker, int replies) {
            this.topic = topic;
            this.address = address;
            this.asker = asker;
            this.wanted = replies;
            this.left = replies;
        }

        /// Takes a reply that arrived in time: who waits has heard it when this returns, unless it is the last one.
        ///
        /// @return whether it is the last one, which is still to be told; null when it came too late
        synchronized @Nullable Boolean take(Message reply) {
            if (waiting.get(address) != this) {
                return null;
            }
            left--;
            if (left > 0) {
                asker.reply(reply, false);
                return false;
            }
            return finish() ? true : null;
        }

        /// Whether this call is the one that ends it. What was taken before has been told.
        synchronized boolean finish() {
            if (!waiting.remove(address, this)) {
                return false;
            }
            count.decrementAndGet();
            Timers.Timer running = timer;
            if (running != null) {
                running.cancel();
            }
            return true;
        }

        /// Its time is over.
        void timeOut(String reason) {
            if (finish()) {
                if (left == wanted) {
                    timeouts.increment();
                    events.emit(() -> new BrokerEvent.RequestUnanswered(topic, ErrorCode.TIMEOUT));
                }
                asker.end(new Refused(ErrorCode.TIMEOUT, reason));
            }
        }

        void end(ErrorCode code, String reason) {
            end(new Refused(code, reason));
        }

        void end(Refused why) {
            if (finish()) {
                asker.end(why);
            }
        }
    }

    /// How many heard no reply in time.
    public long timeouts() {
        return timeouts.sum();
    }

    /// How many were refused because nobody answers.
    public long unanswerable() {
        return unanswerable.sum();
    }

    /// How many wait.
    public int waiting() {
        return count.get();
    }

    /// Asks whoever hears a topic by its name.
    ///
    /// @param timeout how long replies are waited for; the message counts no longer than that
    /// @param replies how many replies end it
    /// @param wakes null: a full subscription that blocks is waited for; else feeds to be woken are noted there
    public Runnable ask(
            String topic, Message draft, Duration timeout, int replies, Asker asker, @Nullable Wakes wakes) {
        Refused refused = refusal(topic, draft, timeout, replies);
        if (refused != null) {
            asker.end(refused);
            return () -> {};
        }
        Waiting request = new Waiting(topic, PREFIX + secret(), asker, replies);
        publish(topic, draft, timeout, request, wakes);
        return request::finish;
    }

    /// Why nothing can be asked; null when the request counts among those that wait.
    private @Nullable Refused refusal(String topic, Message draft, Duration timeout, int replies) {
        String wrong = wrong(draft, timeout, replies);
        if (wrong != null) {
            return new Refused(ErrorCode.BAD_REQUEST, wrong);
        }
        if (closed) {
            return new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing");
        }
        try {
            if (topics.responders(topic, draft) == 0) {
                unanswerable.increment();
                events.emit(() -> new BrokerEvent.RequestUnanswered(topic, ErrorCode.NO_RESPONDERS));
                return new Refused(
                        ErrorCode.NO_RESPONDERS,
                        "nobody answers on topic '" + topic + "': no subscription has its name; nothing was published");
            }
        } catch (FanfareException refused) {
            return Refused.of(refused);
        }
        int most = limit.getAsInt();
        if (count.incrementAndGet() > most) {
            count.decrementAndGet();
            return new Refused(
                    BrokerLimit.REQUESTS,
                    "topic '" + topic + "': " + most
                            + " requests of the broker wait for replies, as many as max-requests" + " allows");
        }
        return null;
    }

    private static @Nullable String wrong(Message draft, Duration timeout, int replies) {
        if (timeout.compareTo(Duration.ofMillis(1)) < 0 || timeout.compareTo(LONGEST) > 0) {
            return "the timeout of a request must be 1 ms to " + LONGEST.toHours() + " hours, not " + timeout;
        }
        if (replies < 1) {
            return "a request must wait for at least one reply, not for " + replies;
        }
        return draft.isDelayed() ? "a request can't be delayed" : null;
    }

    private void publish(String topic, Message draft, Duration timeout, Waiting request, @Nullable Wakes wakes) {
        waiting.put(request.address, request);
        request.timer = timers.schedule(
                timeout,
                () -> request.timeOut("no further reply to the request on topic '" + topic + "' within "
                        + timeout.toMillis() + " ms"));
        long ttl = draft.ttlMillis();
        Message message = draft.withReply(request.address, draft.correlationId())
                .withTtl(ttl > 0 && ttl < timeout.toMillis() ? Duration.ofMillis(ttl) : timeout);
        switch (topics.publish(topic, message, wakes)) {
            case Refused refused -> request.end(refused);
            case Accepted accepted when accepted.duplicate() -> request.end(ErrorCode.BAD_REQUEST, published(topic));
            case PublishResult.Pending(Accepted first, Commit _)
            when first.duplicate() -> request.end(ErrorCode.BAD_REQUEST, published(topic));
            case PublishResult.Pending(PublishResult _, Commit commit) ->
                commit.onDone(failure -> {
                    if (failure != null) {
                        request.end(failure.code(), failure.reason());
                    }
                });
            default -> {
                if (closed) {
                    request.end(ErrorCode.SHUTTING_DOWN, "the broker is closing");
                }
            }
        }
    }

    private static String published(String topic) {
        return "a message with the id of this request was published to topic '" + topic + "' already";
    }

    private String secret() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /// Whether replies go there, and not into a topic.
    public static boolean isAddress(String topic) {
        return topic.startsWith(PREFIX);
    }

    /// Hands a reply to the one who asked.
    public PublishResult reply(String address, Message draft) {
        Waiting request = waiting.get(address);
        if (request == null) {
            return late();
        }
        if (draft.isDelayed()) {
            return new Refused(ErrorCode.BAD_REQUEST, "a reply can't be delayed");
        }
        long now = timers.currentTimeMillis();
        String id = draft.id().isEmpty() ? UUID.randomUUID().toString() : draft.id();
        Message reply = draft.stored(id, address, "", -1, now);
        Boolean last = request.take(reply);
        if (last == null) {
            return late();
        }
        if (last) {
            request.asker.reply(reply, true);
        }
        return new Accepted(id, "", -1, now);
    }

    private static Refused late() {
        return new Refused(
                ErrorCode.TOPIC_NOT_FOUND,
                "nobody waits for this reply: the request has its answer, or its time is over");
    }

    /// Whoever still waits is told.
    public void close() {
        closed = true;
        List.copyOf(waiting.values()).forEach(request -> request.end(ErrorCode.SHUTTING_DOWN, "the broker is closing"));
    }
}
