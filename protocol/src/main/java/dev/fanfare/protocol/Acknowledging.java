package dev.fanfare.protocol;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The parts of requests that acknowledge: what a subscription promises, and which deliveries are done or have
/// failed.
final class Acknowledging {

    private static final int NAME_MAX = 256;
    private static final int REASON_MAX = 1_000;
    private static final int IN_FLIGHT_MAX = 10_000;
    private static final int OFFSETS_MAX = 10_000;
    private static final int ATTEMPTS_MAX = 1_000_000;
    private static final int MULTIPLIER_MAX = 1_000;
    private static final int PERCENT_MAX = 100;
    private static final int CALLS_MAX = 10_000;
    private static final long WEEK_MILLIS = Duration.ofDays(7).toMillis();

    private static final Field[] ONLY_WITH_ACK = {
        Field.MAX_IN_FLIGHT,
        Field.ACK_TIMEOUT_MS,
        Field.RETRY,
        Field.DEAD_LETTER,
        Field.CIRCUIT_BREAKER,
        Field.ORDERED,
        Field.EXPIRED
    };
    private static final Field[] NOT_WITH_ACK = {Field.OVERFLOW, Field.QUEUE, Field.BATCH};

    private Acknowledging() {}

    /// How messages of a subscription are acknowledged; null when they are not.
    static Request.@Nullable Manual manual(Envelope envelope) {
        String durable = name(envelope, Field.DURABLE);
        String group = name(envelope, Field.GROUP);
        if (durable != null && group != null) {
            throw new Envelope.Fault("durable and group exclude each other");
        }
        boolean automatic = !envelope.has(Field.ACK);
        if (automatic && durable != null) {
            throw new Envelope.Fault("durable needs ack: \"manual\"");
        }
        if (automatic) {
            for (Field field : ONLY_WITH_ACK) {
                if (envelope.has(field)) {
                    throw new Envelope.Fault(field.path() + " needs ack: \"manual\"");
                }
            }
            if (group == null) {
                return null;
            }
        }
        String ack = envelope.string(Field.ACK, NAME_MAX);
        if (!automatic && !"manual".equals(ack)) {
            throw new Envelope.Fault("ack must be manual, not '" + Excerpt.of(String.valueOf(ack))
                    + "'; leave it out to be served at most once");
        }
        for (Field field : NOT_WITH_ACK) {
            if (envelope.has(field)) {
                throw new Envelope.Fault(field.path() + " and " + (automatic ? "group" : "ack")
                        + " exclude each other: max_in_flight bounds what is" + " sent, and nothing is dropped");
            }
        }
        String deadLetter = envelope.string(Field.DEAD_LETTER, NAME_MAX);
        if (deadLetter != null && deadLetter.isEmpty()) {
            throw new Envelope.Fault("dead_letter must not be empty");
        }
        return new Request.Manual(
                (int) envelope.number(Field.MAX_IN_FLIGHT, 1, IN_FLIGHT_MAX, 100),
                Duration.ofMillis(envelope.number(Field.ACK_TIMEOUT_MS, 1, WEEK_MILLIS, 30_000)),
                retry(envelope),
                deadLetter,
                buriesExpired(envelope),
                envelope.flag(Field.ORDERED),
                breaker(envelope),
                durable,
                group,
                automatic);
    }

    /// Whether what was not done within its time becomes a dead letter.
    private static boolean buriesExpired(Envelope envelope) {
        String expired = envelope.string(Field.EXPIRED, NAME_MAX);
        if (expired != null && !expired.equals("dead_letter")) {
            throw new Envelope.Fault("expired must be dead_letter, not '" + Excerpt.of(expired)
                    + "'; leave it out to have such messages only counted");
        }
        return expired != null;
    }

    /// A name in the broker, which all connections share.
    private static @Nullable String name(Envelope envelope, Field field) {
        if (!envelope.has(field)) {
            return null;
        }
        String name = envelope.required(field, NAME_MAX);
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw new Envelope.Fault(field.path() + " must not hold control characters");
        }
        return name;
    }

    private static Request.Retry retry(Envelope envelope) {
        RetryReader reader = new RetryReader(envelope);
        if (envelope.has(Field.RETRY)) {
            envelope.members(Field.RETRY, reader);
        }
        return new Request.Retry(
                (int) reader.attempts,
                Duration.ofMillis(reader.backoff),
                reader.multiplier,
                Duration.ofMillis(reader.maxBackoff),
                reader.jitter);
    }

    /// Collects the members of `retry`; each has a default.
    private static final class RetryReader implements Envelope.Member {
        private final Envelope envelope;
        private long attempts = 5;
        private long backoff = 1_000;
        private double multiplier = 2;
        private long maxBackoff = 60_000;
        private double jitter;

        RetryReader(Envelope envelope) {
            this.envelope = envelope;
        }

        @Override
        public void value(String name, int from, int to) {
            switch (name) {
                case "max_attempts" -> attempts = envelope.number("retry.max_attempts", from, to, 1, ATTEMPTS_MAX);
                case "backoff_ms" -> backoff = envelope.number("retry.backoff_ms", from, to, 0, WEEK_MILLIS);
                case "multiplier" -> multiplier = envelope.decimal("retry.multiplier", from, to, 1, MULTIPLIER_MAX);
                case "max_backoff_ms" -> maxBackoff = envelope.number("retry.max_backoff_ms", from, to, 0, WEEK_MILLIS);
                case "jitter" -> jitter = envelope.decimal("retry.jitter", from, to, 0, 1);
                default ->
                    throw new Envelope.Fault(
                            "retry has the fields max_attempts, backoff_ms, multiplier, max_backoff_ms and jitter, not '"
                                    + Excerpt.of(name) + "'");
            }
        }
    }

    private static Request.@Nullable Breaker breaker(Envelope envelope) {
        if (!envelope.has(Field.CIRCUIT_BREAKER)) {
            return null;
        }
        BreakerReader reader = new BreakerReader(envelope);
        envelope.members(Field.CIRCUIT_BREAKER, reader);
        long minimum = reader.minimumCalls < 0 ? Math.min(20, reader.window) : reader.minimumCalls;
        if (minimum > reader.window) {
            throw new Envelope.Fault(
                    "circuit_breaker.minimum_calls must be at most the window, " + reader.window + ", not " + minimum);
        }
        return new Request.Breaker(
                (int) reader.failureRate,
                Duration.ofMillis(reader.slowCall),
                (int) reader.slowCallRate,
                (int) minimum,
                (int) reader.window,
                Duration.ofMillis(reader.wait),
                (int) reader.trialCalls);
    }

    /// Collects the members of `circuit_breaker`; each has a default.
    private static final class BreakerReader implements Envelope.Member {
        private static final String PATH = "circuit_breaker.";
        private final Envelope envelope;
        private long failureRate = 50;
        private long slowCall;
        private long slowCallRate = 100;
        private long minimumCalls = -1;
        private long window = 100;
        private long wait = 30_000;
        private long trialCalls = 5;

        BreakerReader(Envelope envelope) {
            this.envelope = envelope;
        }

        @Override
        public void value(String name, int from, int to) {
            switch (name) {
                case "failure_rate" -> failureRate = envelope.number(PATH + name, from, to, 1, PERCENT_MAX);
                case "slow_call_ms" -> slowCall = envelope.number(PATH + name, from, to, 0, WEEK_MILLIS);
                case "slow_call_rate" -> slowCallRate = envelope.number(PATH + name, from, to, 1, PERCENT_MAX);
                case "minimum_calls" -> minimumCalls = envelope.number(PATH + name, from, to, 1, CALLS_MAX);
                case "window" -> window = envelope.number(PATH + name, from, to, 1, CALLS_MAX);
                case "wait_ms" -> wait = envelope.number(PATH + name, from, to, 1, WEEK_MILLIS);
                case "trial_calls" -> trialCalls = envelope.number(PATH + name, from, to, 1, CALLS_MAX);
                default ->
                    throw new Envelope.Fault("circuit_breaker has the fields failure_rate, slow_call_ms,"
                            + " slow_call_rate, minimum_calls, window, wait_ms and trial_calls, not '"
                            + Excerpt.of(name) + "'");
            }
        }
    }

    static Request ack(Envelope envelope, @Nullable String requestId, String clientId) {
        return new Request.Ack(requestId, deliveries(envelope, clientId));
    }

    static Request nack(Envelope envelope, @Nullable String requestId, String clientId) {
        boolean dead = envelope.flag(Field.DEAD);
        if (dead && envelope.has(Field.NACK_DELAY_MS)) {
            throw new Envelope.Fault("dead and delay_ms exclude each other: there is no further attempt");
        }
        return new Request.Nack(
                requestId,
                deliveries(envelope, clientId),
                envelope.number(Field.NACK_DELAY_MS, 0, WEEK_MILLIS, -1),
                envelope.string(Field.REASON, REASON_MAX),
                dead);
    }

    /// Which deliveries are meant.
    static Request.Deliveries deliveries(Envelope envelope, String clientId) {
        String topic = envelope.required(Field.TOPIC, NAME_MAX);
        boolean several = envelope.has(Field.OFFSETS);
        if (several == envelope.has(Field.OFFSET)) {
            throw new Envelope.Fault(
                    several ? "offset and offsets exclude each other" : "offset or offsets is required");
        }
        long[] offsets = several
                ? envelope.numbers(Field.OFFSETS, OFFSETS_MAX)
                : new long[] {envelope.number(Field.OFFSET, 0, Long.MAX_VALUE, 0)};
        return new Request.Deliveries(
                topic,
                clientId,
                offsets,
                envelope.repeated(Field.EPOCH, NAME_MAX),
                envelope.repeated(Field.SUBSCRIPTION, NAME_MAX));
    }
}
