package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.HostileFields.LONG;
import static dev.fanfare.server.acceptance.HostileFields.repeated;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Calls over REST whose fields nobody can mean. Each is to be answered with an error, and to do nothing. The topic
/// `t` exists and is in memory; there is no other that they name, and no route.
final class HostileCalls {

    /// One, to be made with `POST`.
    record Call(String path, String body) {}

    private HostileCalls() {}

    static List<Call> all() {
        return Stream.of(
                        topics(),
                        routes(),
                        requests(),
                        transactions(),
                        redrives(),
                        to("/topics/t/messages", UnaryOperator.identity(), HostileFields.messages()))
                .flatMap(each -> each)
                .toList();
    }

    private static Stream<Call> to(String path, UnaryOperator<String> body, Stream<String> fields) {
        return fields.map(more -> new Call(path, body.apply(more)));
    }

    private static Stream<Call> topics() {
        return to(
                "/topics",
                more -> "{\"name\":\"made\"," + more + "}",
                Stream.of(
                        "\"history\":-1",
                        "\"history\":1.5",
                        "\"history\":\"5\"",
                        "\"history\":1e400",
                        "\"history_bytes\":-1",
                        "\"history_ms\":9223372036854775808",
                        "\"queue\":0",
                        "\"queue\":10001",
                        "\"overflow\":5",
                        "\"overflow\":\"never\"",
                        "\"overflow\":\"spill\"",
                        "\"dedup\":5",
                        "\"dedup\":{}",
                        "\"dedup\":{\"window_ms\":0,\"count\":1}",
                        "\"dedup\":{\"window_ms\":1,\"count\":0}",
                        "\"dedup\":{\"window_ms\":1,\"count\":1e400}",
                        "\"dedup\":{\"window_ms\":1,\"count\":1,\"" + LONG + "\":1}",
                        "\"ordering\":5",
                        "\"ordering\":\"lifo\"",
                        "\"partitions\":-1",
                        "\"partitions\":10001",
                        "\"partitions\":[4]",
                        "\"backlog\":0",
                        "\"backlog\":9223372036854775808",
                        "\"backlog_bytes\":0",
                        "\"backlog_bytes\":\"1 GiB\"",
                        "\"backlog_overflow\":true",
                        "\"backlog_overflow\":\"drop_oldest\"",
                        "\"backlog_overflow\":\"spill\"",
                        "\"dead_letter\":\"\"",
                        "\"dead_letter\":\"a*\"",
                        "\"dead_letter\":\"$dead/x\"",
                        "\"dead_letter\":\"" + LONG + "\"",
                        "\"durable\":\"yes\"",
                        "\"durable\":true",
                        "\"durability\":\"for ever\"",
                        "\"durability\":\"synced\"",
                        "\"durability\":\"replicated\"",
                        "\"durable\":false,\"durability\":\"synced\"",
                        "\"compact\":\"yes\"",
                        "\"compact\":true",
                        "\"" + LONG + "\":1"));
    }

    private static Stream<Call> routes() {
        String good = "\"name\":\"r\",\"from\":\"t\",\"to\":[\"u\"]";
        return to(
                "/routes",
                more -> "{" + more + "}",
                Stream.of(
                        "\"from\":\"t\",\"to\":[\"u\"]",
                        "\"name\":5,\"from\":\"t\",\"to\":[\"u\"]",
                        "\"name\":\"r\",\"to\":[\"u\"]",
                        "\"name\":\"r\",\"from\":\"**.t\",\"to\":[\"u\"]",
                        "\"name\":\"r\",\"from\":\"t\"",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[]",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":{}",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[5]",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[\"u*\"]",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[\"t\"]",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[\"$dead/t\"]",
                        "\"name\":\"r\",\"from\":\"t\",\"to\":[" + repeated("\"u\"", 101) + "]",
                        good + ",\"mode\":\"move\"",
                        good + ",\"mode\":5",
                        good + ",\"types\":{}",
                        good + ",\"types\":[1]",
                        good + ",\"filter\":5",
                        good + ",\"filter\":\"message.payload ==\"",
                        good + ",\"filter\":\"" + "(".repeat(5_000) + "\"",
                        good + ",\"" + LONG + "\":1"));
    }

    private static Stream<Call> requests() {
        String message = "\"message\":{\"payload\":1}";
        return to(
                "/topics/t/requests",
                more -> "{" + more + "}",
                Stream.of(
                        message,
                        message + ",\"timeout_ms\":0",
                        message + ",\"timeout_ms\":1e400",
                        message + ",\"timeout_ms\":\"1\"",
                        message + ",\"timeout_ms\":1000,\"replies\":\"some\"",
                        message + ",\"timeout_ms\":1000,\"durability\":5",
                        message + ",\"timeout_ms\":1000,\"" + LONG + "\":1",
                        "\"timeout_ms\":1000",
                        "\"timeout_ms\":1000,\"message\":{}",
                        "\"timeout_ms\":1000,\"message\":[]",
                        "\"timeout_ms\":1000,\"message\":{\"payload\":1,\"delay_ms\":5}"));
    }

    private static Stream<Call> transactions() {
        String one = "{\"topic\":\"t\",\"message\":{\"payload\":1}}";
        return to(
                "/transactions",
                more -> "{" + more + "}",
                Stream.of(
                        "\"publish\":{}",
                        "\"publish\":[]",
                        "\"publish\":[1]",
                        "\"publish\":[{\"topic\":\"t\"}]",
                        "\"publish\":[{\"topic\":\"nowhere\",\"message\":{\"payload\":1}}]",
                        "\"publish\":[{\"topic\":\"$dead/t\",\"message\":{\"payload\":1}}]",
                        "\"publish\":[" + one + ",{\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":5}}]",
                        "\"publish\":[" + repeated(one, 1_001) + "]",
                        "\"publish\":[" + one + "],\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[0]}]",
                        "\"publish\":[" + one + "],\"" + LONG + "\":1"));
    }

    private static Stream<Call> redrives() {
        return to(
                "/topics/t/dead-letters/redrive",
                more -> "{" + more + "}",
                Stream.of(
                        "\"offsets\":0",
                        "\"offsets\":[-1]",
                        "\"offsets\":[1.5]",
                        "\"offsets\":[\"0\"]",
                        "\"offsets\":[" + repeated("0", 10_001) + "]",
                        "\"to\":5",
                        "\"to\":\"a*\"",
                        "\"to\":\"$dead/t\"",
                        "\"to\":\"" + LONG + "\"",
                        "\"" + LONG + "\":1"));
    }
}
