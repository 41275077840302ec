package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever a server says: it is understood, or refused with the one exception that a connection expects.
class FramesFuzzTest {

    private static final List<String> NAMES = List.of(
            "type",
            "request_id",
            "topic",
            "ts",
            "epoch",
            "offset",
            "recovered",
            "message_id",
            "msg",
            "dropped",
            "error",
            "message",
            "code",
            "id",
            "key",
            "encoding",
            "payload",
            "headers",
            "client_id",
            "delivery",
            "attempt",
            "reply_to",
            "correlation_id",
            "content_type",
            "results",
            "retry_after_ms",
            "x");
    private static final List<String> VALUES = List.of(
            "\"event\"",
            "\"ack\"",
            "\"error\"",
            "\"info\"",
            "\"reply\"",
            "\"messages_dropped\"",
            "\"topic_deleted\"",
            "\"subscription_ended\"",
            "\"2026-01-31T12:00:00.250Z\"",
            "\"2026-13-31\"",
            "\"+999999999999-01-01T00:00:00Z\"",
            "\"\"",
            "\"\\ud800\"",
            "\"\\u0000é😀\"",
            "0",
            "-1",
            "17",
            "-17",
            "1.5",
            "1e400",
            "9223372036854775808",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "[1,[2,{\"a\":3}]]");
    private static final String NOISE = "{}[]\",:\\0e-+ntf \u0001é\ud83d";

    private final Random random;
    private final long seed;

    FramesFuzzTest() {
        seed = Long.getLong("fanfare.seed", System.nanoTime());
        random = new Random(seed);
        System.out.println("FramesFuzzTest: -Dfanfare.seed=" + seed);
    }

    @Test
    void everyTextIsUnderstoodOrRefused() {
        assertThat(understood(20_000)).isGreaterThan(5_000);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void everyTextIsUnderstoodOrRefusedForLong() {
        understood(2_000_000);
    }

    private int understood(int rounds) {
        int understood = 0;
        for (int i = 0; i < rounds; i++) {
            String text = random.nextInt(3) == 0 ? damaged(frame()) : frame();
            try {
                check(Frames.read(text));
                understood++;
            } catch (ClientException refused) {
                assertThat(refused).as("seed %s: %s", seed, text).hasMessageContaining("the server said");
            } catch (RuntimeException | Error other) {
                throw new AssertionError("seed " + seed + ", text " + text, other);
            }
        }
        return understood;
    }

    /// What an application does with what it is handed.
    private static void check(ServerFrame frame) {
        if (frame instanceof ServerFrame.Replied(String _, Reply reply)) {
            assertThat(reply.text()).isNotNull();
            assertThat(reply.headers()).doesNotContainValue(null);
        }
        if (frame instanceof ServerFrame.Message(Event event, int attempt, long _)) {
            assertThat(event.text()).isNotNull();
            assertThat(event.headers()).doesNotContainValue(null);
            assertThat(Frames.read("{\"type\":\"event\",\"message\":{\"payload\":" + event.payload() + "}}"))
                    .isInstanceOfSatisfying(
                            ServerFrame.Message.class,
                            again -> assertThat(again.event().payload()).isEqualTo(event.payload()));
        }
    }

    /// Mostly what servers send, with a field too many, missing, twice or of another kind now and then.
    private String frame() {
        List<String> members = new ArrayList<>();
        members.add("\"type\":" + (random.nextInt(10) == 0 ? pick(VALUES) : pick(VALUES.subList(0, 5))));
        if (random.nextInt(5) > 0) {
            members.add("\"topic\":\"t\"");
            members.add("\"ts\":" + (random.nextInt(6) == 0 ? pick(VALUES) : VALUES.get(8)));
            members.add("\"epoch\":\"e\",\"offset\":" + random.nextInt(100));
        }
        if (random.nextBoolean()) {
            members.add("\"message\":{\"id\":\"i\",\"payload\":" + value(4) + more(2) + "}");
        }
        return "{" + String.join(",", members) + more(2) + "}";
    }

    private String more(int depth) {
        StringBuilder more = new StringBuilder();
        for (int left = random.nextInt(3); left > 0; left--) {
            more.append(",\"").append(pick(NAMES)).append("\":").append(value(depth));
        }
        return more.toString();
    }

    private String value(int depth) {
        if (depth == 0 || random.nextInt(3) > 0) {
            return pick(VALUES);
        }
        return "{\"" + pick(NAMES) + "\":" + value(depth - 1) + more(depth - 1) + "}";
    }

    private String damaged(String frame) {
        StringBuilder text = new StringBuilder(frame);
        for (int changes = 1 + random.nextInt(3); changes > 0 && !text.isEmpty(); changes--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, NOISE.charAt(random.nextInt(NOISE.length())));
                case 2 -> text.setCharAt(at, NOISE.charAt(random.nextInt(NOISE.length())));
                default -> text.setLength(at);
            }
        }
        return text.toString();
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"event\",\"ts\":\"yesterday\",\"message\":{\"payload\":1}}",
                "{\"type\":{\"type\":\"event\"}}",
                "{\"type\":\"ack\"} and more",
                "{\"type\":\"ack\",\"offset\":\"first\"}",
                "{\"type\":\"event\",\"offset\":-2,\"message\":{\"payload\":1}}",
                "{\"type\":\"info\",\"msg\":\"messages_dropped\",\"dropped\":-1}",
                "{\"type\":\"ack\"",
                "[]",
                "",
            })
    void whatNoServerSaysIsRefused(String text) {
        assertThatThrownBy(() -> Frames.read(text))
                .isInstanceOf(ClientException.class)
                .hasMessageContaining("the server said what a Fanfare server does not say");
    }

    /// Servers pass on every JSON up to their message limit, and the client must not stumble over it again and again.
    @Test
    void payloadsMayBeOfAnyForm() {
        for (String payload : List.of(
                "1".repeat(50_000),
                "0." + "3".repeat(50_000),
                "1e" + "9".repeat(50_000),
                "{\"" + "n".repeat(60_000) + "\":1}",
                "[".repeat(62) + "]".repeat(62))) {
            assertThat(Frames.read("{\"type\":\"event\",\"topic\":\"t\",\"message\":{\"payload\":" + payload + "}}"))
                    .isInstanceOfSatisfying(
                            ServerFrame.Message.class,
                            message -> assertThat(message.event().payload()).isEqualTo(payload));
        }
    }
}
