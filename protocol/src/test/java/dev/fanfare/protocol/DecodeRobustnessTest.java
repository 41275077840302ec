package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Requests with random values and random damage: all are answered, and in JSON.
class DecodeRobustnessTest {

    private static final List<String> NAMES = List.of(
            "type",
            "topic",
            "request_id",
            "client_id",
            "message",
            "data",
            "last_n",
            "since",
            "from",
            "overflow",
            "queue",
            "batch",
            "no_ack",
            "durability",
            "filter",
            "types",
            "publish",
            "id",
            "payload",
            "key",
            "headers",
            "reply_to",
            "correlation_id",
            "ttl_ms",
            "delay_ms",
            "timeout_ms",
            "replies",
            "deliver_at",
            "epoch",
            "offset",
            "offsets",
            "subscription",
            "reason",
            "dead",
            "ack",
            "max_in_flight",
            "ack_timeout_ms",
            "retry",
            "max_attempts",
            "backoff_ms",
            "multiplier",
            "max_backoff_ms",
            "jitter",
            "ordered",
            "encoding",
            "content_type",
            "accept_encoding",
            "expired",
            "dead_letter",
            "circuit_breaker",
            "failure_rate",
            "slow_call_ms",
            "slow_call_rate",
            "minimum_calls",
            "window",
            "wait_ms",
            "trial_calls",
            "time",
            "topics",
            "size",
            "linger_ms",
            "x");
    private static final List<String> VALUES = List.of(
            "\"subscribe\"",
            "\"unsubscribe\"",
            "\"publish\"",
            "\"ping\"",
            "\"request\"",
            "\"all\"",
            "\"transaction\"",
            "[\"a\",\"b\"]",
            "[\"\",null]",
            "[{\"topic\":\"t\",\"message\":{\"payload\":1}}]",
            "[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[1]},{}]",
            "\"t\"",
            "\"a.*\"",
            "\"\"",
            "\"\\ud800\"",
            "\"550e8400-e29b-41d4-a716-446655440000\"",
            "0",
            "-1",
            "17",
            "1.5",
            "1e400",
            "9223372036854775808",
            "true",
            "false",
            "null",
            "[]",
            "[0]",
            "[1,2,-3]",
            "[1e0,[2],\"x\"]",
            "[9223372036854775807,18446744073709551616]",
            "\"manual\"",
            "NaN",
            "{\"max_attempts\":3,\"multiplier\":1.5}",
            "{\"failure_rate\":50,\"window\":10}",
            "[\"order.created\",\"order.paid\"]",
            "\"message.payload.n > 1\"",
            "{}",
            "\"latest\"",
            "\"earliest\"",
            "\"2026-01-31T12:00:00Z\"",
            "\"disconnect\"",
            "\"memory\"",
            "\"é😀\\n\\\"\"");

    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final DecodeInvariants invariants = new DecodeInvariants();

    @Test
    void everyRequestIsAnswered() {
        int understood = 0;
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder();
            request(text);
            understood += check(text.toString().getBytes(UTF_8)) ? 1 : 0;
        }
        assertThat(understood).as("seed " + seed).isGreaterThan(5_000);
    }

    @Test
    void everyDamagedRequestIsAnswered() {
        for (int i = 0; i < 100_000; i++) {
            StringBuilder request = new StringBuilder();
            request(request);
            byte[] text = request.toString().getBytes(UTF_8);
            switch (random.nextInt(3)) {
                case 0 -> text[random.nextInt(text.length)] = (byte) random.nextInt(256);
                case 1 -> text = Arrays.copyOf(text, random.nextInt(text.length));
                default -> text[random.nextInt(text.length)] = (byte) "\"\\{}[]:,0-e \n".charAt(random.nextInt(13));
            }
            check(text);
        }
    }

    private boolean check(byte[] text) {
        try {
            return invariants.check(text);
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + ", text " + new String(text, UTF_8), failure);
        }
    }

    private void request(StringBuilder text) {
        String type = pick(List.of(
                "publish",
                "publish",
                "subscribe",
                "unsubscribe",
                "ping",
                "ack",
                "nack",
                "transaction",
                "request",
                "request"));
        text.append("{\"type\":\"").append(type).append('"');
        // Mostly whole, so that what comes after the first check is reached as well.
        if (random.nextInt(8) > 0) {
            text.append(",\"topic\":\"")
                    .append(random.nextBoolean() ? "t" : "a.*")
                    .append("\",\"client_id\":\"c\"");
        }
        if (type.equals("publish") && random.nextInt(8) > 0) {
            text.append(",\"data\":1,\"message\":{\"payload\":").append(pick(VALUES));
            members(text, 2);
            text.append('}');
        }
        if (type.equals("request") && random.nextInt(8) > 0) {
            text.append(",\"request_id\":\"r\",\"timeout_ms\":").append(random.nextBoolean() ? "1000" : pick(VALUES));
            if (random.nextBoolean()) {
                text.append(",\"replies\":").append(random.nextBoolean() ? "\"all\"" : pick(VALUES));
            }
            text.append(",\"message\":{\"payload\":").append(pick(VALUES));
            members(text, 2);
            text.append('}');
        }
        if ((type.equals("ack") || type.equals("nack")) && random.nextInt(8) > 0) {
            text.append(random.nextBoolean() ? ",\"offsets\":" : ",\"offset\":")
                    .append(random.nextBoolean() ? "[1,2]" : pick(VALUES));
        }
        if (type.equals("subscribe") && random.nextInt(4) == 0) {
            text.append(",\"ack\":\"manual\",\"retry\":");
            value(text, 2);
        }
        if (type.equals("transaction") && random.nextInt(8) > 0) {
            elements(text.append(",\"publish\":"), "\"message\":{\"payload\":1}");
            elements(text.append(",\"ack\":"), "\"client_id\":\"c\",\"offsets\":[1,2]");
        }
        members(text, 2);
        text.append('}');
    }

    private void elements(StringBuilder text, String needed) {
        String separator = "[";
        for (int left = random.nextInt(3); left >= 0; left--) {
            text.append(separator).append("{\"topic\":\"t\"");
            if (random.nextInt(8) > 0) {
                text.append(',').append(needed);
            }
            members(text, 2);
            text.append('}');
            separator = ",";
        }
        text.append(']');
    }

    private void members(StringBuilder text, int depth) {
        for (int left = random.nextInt(3); left > 0; left--) {
            text.append(",\"").append(pick(NAMES)).append("\":");
            value(text, depth);
        }
    }

    private void value(StringBuilder text, int depth) {
        if (depth == 0 || random.nextInt(3) > 0) {
            text.append(pick(VALUES));
            return;
        }
        text.append("{\"").append(pick(NAMES)).append("\":");
        value(text, depth - 1);
        members(text, depth - 1);
        text.append('}');
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
