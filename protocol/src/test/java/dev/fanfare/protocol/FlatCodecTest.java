package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.Request.From;
import dev.fanfare.protocol.Request.Malformed;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The flat dialect, both ways.
class FlatCodecTest {

    private final FlatCodec codec = new FlatCodec(64);
    private final JsonBytes out = new JsonBytes();

    private Request decode(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return codec.decode(bytes, 0, bytes.length);
    }

    private static Request.Subscribe subscribe(From from) {
        return new Request.Subscribe(null, "t", "", from, null, 0, null, null, null, Set.of(), Set.of());
    }

    private static Request.Publish publish() {
        return new Request.Publish(
                null, "t", null, null, null, Map.of(), null, null, null, new byte[] {'1'}, null, false, null);
    }

    @Test
    void readsItsRequests() {
        assertThat(decode("{\"type\":\"subscribe\",\"topic\":\"t\"}")).isEqualTo(subscribe(new From.Latest()));
        assertThat(decode("{\"type\":\"subscribe\",\"topic\":\"t\",\"last_n\":0}"))
                .isEqualTo(subscribe(new From.Latest()));
        assertThat(decode("{\"type\":\"subscribe\",\"topic\":\"t\",\"last_n\":1000}"))
                .isEqualTo(subscribe(new From.LastN(1000)));
        assertThat(decode("{\"type\":\"unsubscribe\",\"topic\":\"t\"}"))
                .isEqualTo(new Request.Unsubscribe(null, "t", ""));
        assertThat(decode("{\"type\":\"ping\"}")).isEqualTo(new Request.Ping(null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "5", "\"x\"", "{\"a\": [1]}", "[]"})
    void dataIsAnyJsonAsItWasWritten(String data) {
        Request.Publish publish =
                (Request.Publish) decode("{\"type\":\"publish\",\"topic\":\"t\",\"data\": " + data + " }");
        assertThat(publish.topic()).isEqualTo("t");
        assertThat(publish.payload()).asString(UTF_8).isEqualTo(data);
        assertThat(publish.id()).isNull();
        assertThat(publish.noAck()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello|INVALID_JSON|invalid JSON: expected a value but there is 'h' at byte 0",
                "{\"type\":|INVALID_JSON|invalid JSON: expected a value but the text ends at byte 8",
                "[]|INVALID_MESSAGE|Message must be a JSON object",
                "{}|INVALID_MESSAGE|Message must have a 'type' that is a string",
                "{\"type\":5}|INVALID_MESSAGE|Message must have a 'type' that is a string",
                "{\"type\":null}|INVALID_MESSAGE|Message must have a 'type' that is a string",
                "{\"type\":\"shout\"}|UNKNOWN_MESSAGE_TYPE|Unknown message type 'shout'",
                "{\"type\":\"subscribe\"}|VALIDATION_ERROR|topic is required",
                "{\"type\":\"subscribe\",\"topic\":5}|VALIDATION_ERROR|topic must be a string",
                "{\"type\":\"subscribe\",\"topic\":\"a b\"}|VALIDATION_ERROR|Topic name may only contain letters, digits, '_', '.' and '-'; the character at 1 is none of them",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"last_n\":1001}|VALIDATION_ERROR|last_n must be a whole number from 0 to 1000",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"last_n\":-1}|VALIDATION_ERROR|last_n must be a whole number from 0 to 1000",
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"last_n\":\"5\"}|VALIDATION_ERROR|last_n must be a whole number from 0 to 1000",
                "{\"type\":\"publish\",\"topic\":\"t\"}|VALIDATION_ERROR|data is required",
                "{\"type\":\"publish\",\"data\":1}|VALIDATION_ERROR|topic is required",
                "{\"type\":\"unsubscribe\"}|VALIDATION_ERROR|topic is required",
                "{\"type\":\"publish\",\"topic\":\"t\",\"data\":1,\"data\":2}|VALIDATION_ERROR|the field data is given twice",
            })
    void refusesWithTheCodesOfItsClients(String text, String code, String message) {
        assertThat(decode(text)).isInstanceOfSatisfying(Malformed.class, bad -> {
            assertThat(bad.error().code().flat()).isEqualTo(code);
            assertThat(bad.error().message()).isEqualTo(message);
            assertThat(bad.requestId()).isNull();
        });
    }

    @Test
    void greetsWithTheIdOfTheConnection() {
        assertThat(codec.greets()).isTrue();
        codec.greeting(out, "550e8400-e29b-41d4-a716-446655440000");
        assertThat(out)
                .hasToString("{\"type\":\"info\",\"message\":"
                        + "\"Connected with client_id: 550e8400-e29b-41d4-a716-446655440000\"}");
    }

    @Test
    void acksSayWhatWasDone() {
        codec.subscribed(out, subscribe(new From.Latest()), 0, "e", 7, true);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_type\":\"subscribe\",\"topic\":\"t\","
                        + "\"message\":\"Subscribed to topic 't'\"}");
        out.reset();
        codec.unsubscribed(out, new Request.Unsubscribe(null, "t", ""), 0);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_type\":\"unsubscribe\",\"topic\":\"t\","
                        + "\"message\":\"Unsubscribed from topic 't'\"}");
        out.reset();
        assertThat(codec.tellsReceivers()).isTrue();
        codec.published(out, publish(), 0, "id", "e", 7, "memory", 3);
        assertThat(out)
                .hasToString("{\"type\":\"ack\",\"request_type\":\"publish\",\"topic\":\"t\","
                        + "\"message\":\"Published to 3 subscriber(s)\"}");
    }

    @Test
    void anEventHasDataAndMessageId() {
        codec.eventBegin(out, "t", "i");
        out.raw("[1,2]");
        codec.eventMiddle(out, "i", new Codec.Extras("type", "key", Map.of("a", "b"), null, null, 0, null, null));
        codec.eventTail(out, 0, "e", 7);
        assertThat(out).hasToString("{\"type\":\"event\",\"topic\":\"t\",\"data\":[1,2],\"message_id\":\"i\"}");
    }

    @Test
    void tellsErrorsAndWhenToTryAgain() {
        codec.error(out, null, WireError.topicNotFound("t"), 0);
        assertThat(out)
                .hasToString(
                        "{\"type\":\"error\",\"code\":\"TOPIC_NOT_FOUND\",\"message\":\"Topic 't' does not exist\"}");
        out.reset();
        codec.error(out, null, WireError.notSubscribed("t"), 0);
        assertThat(out.toString()).contains("\"code\":\"NOT_SUBSCRIBED\"");
        out.reset();
        codec.error(
                out,
                null,
                new WireError(WireError.Code.RATE_LIMITED, "Publish rate limit exceeded. Try again in 0.50s", 500),
                0);
        assertThat(out)
                .hasToString(
                        "{\"type\":\"error\",\"code\":\"RATE_LIMITED\",\"message\":"
                                + "\"Publish rate limit exceeded. Try again in 0.50s\",\"details\":{\"retry_after_seconds\":0.5}}");
    }

    @Test
    void tellsWhatHappensToASubscription() {
        codec.pong(out, null, 0);
        assertThat(out).hasToString("{\"type\":\"pong\"}");
        out.reset();
        codec.topicDeleted(out, "t", 0);
        assertThat(out)
                .hasToString("{\"type\":\"info\",\"message\":\"Topic 't' was deleted\",\"details\":{\"topic\":\"t\"}}");
        out.reset();
        codec.messagesDropped(out, "t", "", 5, 0);
        assertThat(out)
                .hasToString("{\"type\":\"info\",\"message\":\"5 messages of topic 't' were dropped\","
                        + "\"details\":{\"topic\":\"t\",\"dropped\":5}}");
    }

    @Test
    void sendsNoTextHeartbeats() {
        assertThat(codec.sendsHeartbeats()).isFalse();
        assertThat(codec.refusesStrayUnsubscribe()).isTrue();
        assertThatThrownBy(() -> codec.heartbeat(out, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void topicNamesAreBounded() {
        assertThat(TopicNames.flatFault("a".repeat(255))).isNull();
        assertThat(TopicNames.flatFault("a".repeat(256)))
                .isEqualTo("Topic name must have 1 to 255 characters, not 256");
        assertThat(TopicNames.flatFault("")).isEqualTo("Topic name must have 1 to 255 characters, not 0");
        assertThat(TopicNames.flatFault("azAZ09_.-")).isNull();
        for (String bad : new String[] {"a/b", "ü", "a*", " a", "a\n", "a@", "[", "`", "{", ":", "/"}) {
            assertThat(TopicNames.flatFault(bad)).as(bad).isNotNull();
        }
    }
}
