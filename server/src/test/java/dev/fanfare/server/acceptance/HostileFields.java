package dev.fanfare.server.acceptance;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Requests whose fields nobody can mean: wrong types, numbers out of all bounds, lists too long, things that
/// exclude each other. Each is to be answered with an error. The topic `t` exists.
final class HostileFields {

    static final String LONG = "x".repeat(1_100);

    private HostileFields() {}

    /// All of them, without the brace at the end, so that more fields may follow.
    static List<String> requests() {
        return Stream.of(subscribes(), settles(), transactions(), asks(), publishes())
                .flatMap(each -> each)
                .toList();
    }

    private static Stream<String> subscribes() {
        Stream<String> manual = Stream.of(
                        "\"max_in_flight\":0",
                        "\"max_in_flight\":-1",
                        "\"max_in_flight\":10001",
                        "\"max_in_flight\":1.5",
                        "\"max_in_flight\":1e400",
                        "\"max_in_flight\":\"5\"",
                        "\"max_in_flight\":NaN",
                        "\"ack_timeout_ms\":0",
                        "\"ack_timeout_ms\":-1",
                        "\"ack_timeout_ms\":9223372036854775808",
                        "\"ack_timeout_ms\":[1]",
                        "\"retry\":5",
                        "\"retry\":[]",
                        "\"retry\":{\"max_attempts\":0}",
                        "\"retry\":{\"max_attempts\":1e99}",
                        "\"retry\":{\"multiplier\":0.5}",
                        "\"retry\":{\"multiplier\":\"NaN\"}",
                        "\"retry\":{\"multiplier\":NaN}",
                        "\"retry\":{\"multiplier\":1e400}",
                        "\"retry\":{\"backoff_ms\":-1}",
                        "\"retry\":{\"max_backoff_ms\":604800001}",
                        "\"retry\":{\"" + LONG + "\":1}",
                        "\"retry\":{\"jitter\":-0.1}",
                        "\"retry\":{\"jitter\":1e400}",
                        "\"retry\":{\"jitter\":{}}",
                        "\"ordered\":\"true\"",
                        "\"ordered\":1",
                        "\"expired\":true",
                        "\"expired\":\"" + LONG + "\"",
                        "\"expired\":\"dead_letters\"",
                        "\"dead_letter\":\"\"",
                        "\"dead_letter\":7",
                        "\"dead_letter\":\"a*\"",
                        "\"dead_letter\":\"" + LONG + "\"",
                        "\"circuit_breaker\":7",
                        "\"circuit_breaker\":{\"failure_rate\":0}",
                        "\"circuit_breaker\":{\"failure_rate\":1e400}",
                        "\"circuit_breaker\":{\"window\":10001}",
                        "\"circuit_breaker\":{\"minimum_calls\":5,\"window\":2}",
                        "\"circuit_breaker\":{\"wait_ms\":-1}",
                        "\"circuit_breaker\":{\"trial_calls\":0}",
                        "\"circuit_breaker\":{\"slow_call_ms\":604800001}",
                        "\"circuit_breaker\":{\"slow_call_rate\":101}",
                        "\"circuit_breaker\":{\"" + LONG + "\":1}",
                        "\"durable\":\"\"",
                        "\"durable\":7",
                        "\"durable\":\"a\\u0000b\"",
                        "\"durable\":\"" + LONG + "\"",
                        "\"group\":\"\"",
                        "\"group\":{}",
                        "\"group\":\"" + LONG + "\"",
                        "\"durable\":\"a\",\"group\":\"b\"",
                        "\"overflow\":\"drop_oldest\"",
                        "\"queue\":5",
                        "\"batch\":{\"size\":1}")
                .map(more -> "\"ack\":\"manual\"," + more);
        Stream<String> plain = Stream.of(
                "\"last_n\":-1",
                "\"last_n\":1.5",
                "\"last_n\":\"5\"",
                "\"since\":5",
                "\"since\":{\"epoch\":5,\"offset\":1}",
                "\"since\":{\"epoch\":\"e\",\"offset\":-2}",
                "\"since\":{\"epoch\":\"e\",\"offset\":1e400}",
                "\"since\":{\"time\":\"yesterday\",\"topics\":{}}",
                "\"from\":5",
                "\"from\":\"yesterday\"",
                "\"from\":{\"offset\":-1}",
                "\"from\":{\"time\":\"yesterday\"}",
                "\"from\":\"latest\",\"last_n\":5",
                "\"overflow\":\"block\"",
                "\"overflow\":\"spill\"",
                "\"overflow\":5",
                "\"queue\":0",
                "\"queue\":10001",
                "\"queue\":[5]",
                "\"batch\":5",
                "\"batch\":{\"size\":0}",
                "\"batch\":{\"size\":1e400}",
                "\"batch\":{\"linger_ms\":-1}",
                "\"batch\":{\"" + LONG + "\":1}",
                "\"ack\":1",
                "\"ack\":\"auto\"",
                "\"ack\":{}",
                "\"max_in_flight\":5",
                "\"retry\":{}",
                "\"ordered\":true",
                "\"expired\":\"dead_letter\"",
                "\"durable\":\"a\"",
                "\"accept_encoding\":\"gzip\"",
                "\"accept_encoding\":[\"br\"]",
                "\"accept_encoding\":[5]",
                "\"accept_encoding\":[\"gzip\",\"zstd\",\"gzip\"]",
                "\"types\":[]",
                "\"types\":\"x\"",
                "\"types\":[1]",
                "\"types\":[[\"x\"]]",
                "\"types\":[\"" + LONG + "\"]",
                "\"types\":[" + repeated("\"x\"", 10_001) + "]",
                "\"filter\":5",
                "\"filter\":\"\"",
                "\"filter\":\"" + "(".repeat(5_000) + "\"",
                "\"filter\":\"" + "(".repeat(5_000) + "true" + ")".repeat(5_000) + "\"",
                "\"filter\":\"" + "!".repeat(20_000) + "true\"",
                "\"filter\":\"message" + ".a".repeat(20_000) + "\"",
                "\"filter\":\"" + "true && ".repeat(5_000) + "true\"",
                "\"filter\":\"" + "[".repeat(10_000) + "\"",
                "\"filter\":\"message.payload matches\"",
                "\"filter\":\"exec('rm')\"");
        return Stream.concat(manual, plain)
                .map(more -> "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"," + more);
    }

    private static Stream<String> settles() {
        return Stream.of("ack", "nack")
                .flatMap(type -> Stream.of(
                                "\"offset\":-1",
                                "\"offset\":1.5",
                                "\"offset\":NaN",
                                "\"offset\":\"0\"",
                                "\"offset\":9223372036854775808",
                                "\"offset\":[0]",
                                "\"offsets\":0",
                                "\"offsets\":[-1]",
                                "\"offsets\":[1e400]",
                                "\"offsets\":[null]",
                                "\"offsets\":[[0]]",
                                "\"offsets\":[" + repeated("0", 10_001) + "]",
                                "\"offset\":0,\"offsets\":[0]",
                                "\"epoch\":\"e\"",
                                "\"offset\":0,\"epoch\":5",
                                "\"offset\":0,\"subscription\":{}",
                                "\"offset\":0,\"subscription\":\"" + LONG + "\"",
                                "\"offset\":0,\"delay_ms\":-1",
                                "\"offset\":0,\"delay_ms\":604800001",
                                "\"offset\":0,\"dead\":\"yes\"",
                                "\"offset\":0,\"dead\":true,\"delay_ms\":1",
                                "\"offset\":0,\"reason\":5")
                        // An acknowledgement has none of these: it ignores them, as any request ignores what it does
                        // not know.
                        .filter(more -> type.equals("nack") || !more.matches(".*(delay_ms|dead|reason).*"))
                        .map(more -> "{\"type\":\"" + type + "\",\"topic\":\"t\",\"client_id\":\"c\"," + more));
    }

    private static Stream<String> transactions() {
        String one = "{\"topic\":\"t\",\"message\":{\"payload\":1}}";
        return Stream.of(
                        "\"publish\":{}",
                        "\"publish\":5",
                        "\"publish\":[1]",
                        "\"publish\":[{}]",
                        "\"publish\":[{\"topic\":\"t\"}]",
                        "\"publish\":[{\"topic\":\"t\",\"message\":5}]",
                        "\"publish\":[{\"topic\":5,\"message\":{\"payload\":1}}]",
                        "\"publish\":[{\"topic\":\"nowhere\",\"message\":{\"payload\":1}}]",
                        "\"publish\":[{\"topic\":\"$dead/t\",\"message\":{\"payload\":1}}]",
                        "\"publish\":[{\"topic\":\"t.*\",\"message\":{\"payload\":1}}]",
                        "\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":5}}]",
                        "\"publish\":[" + one + ",{\"topic\":\"t\",\"message\":{}}]",
                        "\"publish\":[" + repeated(one, 1_001) + "]",
                        "\"ack\":5",
                        "\"ack\":[[]]",
                        "\"ack\":[{}]",
                        "\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\"}]",
                        "\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[-1]}]",
                        "\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[1e400]}]",
                        "\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[" + repeated("1", 10_001) + "]}]",
                        "\"ack\":[{\"topic\":\"t\",\"client_id\":\"nobody\",\"offsets\":[0]}]",
                        "\"publish\":[" + one + "],\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[7]}]")
                .map(more -> "{\"type\":\"transaction\"," + more);
    }

    private static Stream<String> asks() {
        String message = "\"topic\":\"t\",\"message\":{\"payload\":1}";
        return Stream.of(
                        message,
                        message + ",\"timeout_ms\":0",
                        message + ",\"timeout_ms\":-1",
                        message + ",\"timeout_ms\":1e400",
                        message + ",\"timeout_ms\":9223372036854775808",
                        message + ",\"timeout_ms\":\"1\"",
                        message + ",\"timeout_ms\":1000,\"replies\":\"some\"",
                        message + ",\"timeout_ms\":1000,\"replies\":5",
                        "\"timeout_ms\":1000,\"topic\":\"t\"",
                        "\"timeout_ms\":1000,\"topic\":\"t\",\"message\":{}",
                        "\"timeout_ms\":1000,\"topic\":\"t.*\",\"message\":{\"payload\":1}",
                        "\"timeout_ms\":1000,\"topic\":\"nowhere\",\"message\":{\"payload\":1}",
                        "\"timeout_ms\":1000,\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":5}")
                .map(more -> "{\"type\":\"request\"," + more);
    }

    private static Stream<String> publishes() {
        Stream<String> besides = Stream.of(
                        "\"durability\":5",
                        "\"durability\":\"for ever\"",
                        "\"durability\":\"synced\"",
                        "\"durability\":\"replicated\"",
                        "\"no_ack\":\"yes\"",
                        "\"message\":{\"payload\":1}",
                        "\"topic\":\"t\"")
                .map(more -> "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1}," + more);
        return Stream.concat(
                besides, messages().map(more -> "{\"type\":\"publish\",\"topic\":\"t\",\"message\":" + more));
    }

    /// What a message may hold beside a payload.
    static Stream<String> messages() {
        String headers = IntStream.range(0, 65)
                .mapToObj(i -> "\"h" + i + "\":\"v\"")
                .collect(Collectors.joining(",", "\"headers\":{", "}"));
        return Stream.of(
                        "\"id\":5",
                        "\"id\":\"no uuid\"",
                        "\"ttl_ms\":0",
                        "\"ttl_ms\":-1",
                        "\"ttl_ms\":1e400",
                        "\"ttl_ms\":\"1\"",
                        "\"delay_ms\":-1",
                        "\"delay_ms\":NaN",
                        "\"delay_ms\":1,\"deliver_at\":\"2026-01-31T12:00:00Z\"",
                        "\"deliver_at\":\"yesterday\"",
                        "\"deliver_at\":5",
                        "\"type\":5",
                        "\"key\":\"" + LONG + "\"",
                        "\"encoding\":5",
                        "\"encoding\":\"br\"",
                        "\"encoding\":\"gzip\"",
                        "\"encoding\":\"base64\"",
                        "\"encoding\":\"" + LONG + "\"",
                        "\"content_type\":\"text/plain\"",
                        "\"encoding\":\"base64\",\"content_type\":\"a\\nb\"",
                        "\"headers\":[]",
                        "\"headers\":{\"a\":1}",
                        headers,
                        "\"reply_to\":{}",
                        "\"correlation_id\":\"" + LONG + "\"")
                .map(more -> "{\"payload\":1," + more + "}");
    }

    static String repeated(String text, int times) {
        return String.join(",", Collections.nCopies(times, text));
    }
}
