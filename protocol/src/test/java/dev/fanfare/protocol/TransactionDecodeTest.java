package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.Malformed;
import dev.fanfare.protocol.Request.Publish;
import dev.fanfare.protocol.Request.Transaction;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a transaction of the standard dialect is made of.
class TransactionDecodeTest extends StandardDecoding {

    private static String transaction(String members) {
        return "{\"type\":\"transaction\",\"request_id\":\"r\"" + members + "}";
    }

    private Transaction read(String members) {
        return (Transaction) decode(transaction(members));
    }

    @Test
    void readsMessagesAndAcknowledgements() {
        Transaction transaction = read(
                ",\"publish\":[{\"topic\":\"a\",\"message\":{\"payload\":{\"n\":1},"
                        + "\"id\":\"00000000-0000-4000-8000-000000000001\",\"type\":\"x\",\"key\":\"k\",\"headers\":{\"h\":\"v\"},"
                        + "\"ttl_ms\":5}},{\"message\":{\"payload\":null},\"topic\":\"b\"}],\"ack\":[{\"topic\":\"in\",\"client_id\":\"w\","
                        + "\"offsets\":[3,1],\"epoch\":\"e\",\"subscription\":\"s\"},{\"topic\":\"in\",\"client_id\":\"v\",\"offset\":0}]");

        assertThat(transaction.requestId()).isEqualTo("r");
        assertThat(transaction.publishes()).extracting(Publish::topic).containsExactly("a", "b");
        Publish first = transaction.publishes().getFirst();
        assertThat(new String(first.payload(), UTF_8)).isEqualTo("{\"n\":1}");
        assertThat(first.id()).isEqualTo("00000000-0000-4000-8000-000000000001");
        assertThat(first.type()).isEqualTo("x");
        assertThat(first.key()).isEqualTo("k");
        assertThat(first.headers()).containsEntry("h", "v");
        assertThat(first.timing()).isEqualTo(new Request.Timing(5, 0, null));
        assertThat(new String(transaction.publishes().get(1).payload(), UTF_8)).isEqualTo("null");
        assertThat(transaction.acks()).extracting(Request.Deliveries::clientId).containsExactly("w", "v");
        Request.Deliveries acks = transaction.acks().getFirst();
        assertThat(Arrays.toString(acks.offsets())).isEqualTo("[3, 1]");
        assertThat(acks.epoch()).isEqualTo("e");
        assertThat(acks.subscription()).isEqualTo("s");
    }

    @Test
    void eitherIsEnough() {
        assertThat(read(",\"publish\":[{\"topic\":\"a\",\"message\":{\"payload\":1}}],\"ack\":[]")
                        .acks())
                .isEmpty();
        assertThat(read(",\"publish\":null,\"ack\":[{\"topic\":\"a\",\"client_id\":\"c\",\"offset\":1}]")
                        .publishes())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|a transaction needs publish or ack, or both",
                ",\"publish\":[],\"ack\":[]|a transaction needs publish or ack, or both",
                ",\"publish\":{}|publish must be an array",
                ",\"publish\":\"x\"|publish must be an array",
                ",\"ack\":\"manual\"|ack must be an array",
                ",\"publish\":[1]|publish[0]: must be an object",
                ",\"publish\":[null]|publish[0]: must be an object",
                ",\"publish\":[[]]|publish[0]: must be an object",
                ",\"publish\":[{}]|publish[0]: topic is required",
                ",\"publish\":[{\"topic\":\"t\"}]|publish[0]: message is required",
                ",\"publish\":[{\"topic\":\"\",\"message\":{\"payload\":1}}]|publish[0]: topic must not be empty",
                ",\"publish\":[{\"topic\":\"t\",\"message\":5}]|publish[0]: message must be an object",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{}}]|publish[0]: message.payload is required; it may be any JSON value, null too",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1}},{\"topic\":\"t\",\"message\":{\"payload\":1,\"id\":\"x\"}}]|publish[1]: message.id must be a valid UUID",
                ",\"publish\":[{\"topic\":\"t\",\"topic\":\"t\",\"message\":{\"payload\":1}}]|publish[0]: the field topic is given twice",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"payload\":1}}]|publish[0]: the field message.payload is given twice",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":1}}]|publish[0]: a message of a transaction can't be delayed: it becomes visible with the rest",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"deliver_at\":\"2030-01-01T00:00:00Z\"}}]|publish[0]: a message of a transaction can't be delayed: it becomes visible with the rest",
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1},\"no_ack\":true}]|publish[0]: no_ack is for publish; a transaction is always answered",
                ",\"no_ack\":true,\"publish\":[]|no_ack is for publish; a transaction is always answered",
                ",\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\"}]|ack[0]: offset or offsets is required",
                ",\"ack\":[{\"topic\":\"t\",\"offset\":1}]|ack[0]: client_id is required",
                ",\"ack\":[{\"client_id\":\"c\",\"offset\":1}]|ack[0]: topic is required",
                ",\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[]}]|ack[0]: offsets must not be empty",
                ",\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offset\":1},{\"topic\":\"t\",\"client_id\":\"c\",\"offset\":-1}]|ack[1]: offset must be a whole number of at least 0",
                ",\"ack\":[],\"ack\":[]|the field ack is given twice",
                ",\"publish\":[],\"publish\":[]|the field publish is given twice"
            })
    void saysWhichElementIsWrong(String members, String message) {
        assertThat(decode(transaction(members))).isInstanceOfSatisfying(Malformed.class, bad -> {
            assertThat(bad.requestId()).isEqualTo("r");
            assertThat(bad.error().message()).isEqualTo(message);
        });
    }

    @Test
    void itsSizeIsBoundedWhileItIsRead() {
        String publish = "{\"topic\":\"t\",\"message\":{\"payload\":1}}";
        assertThat(read(",\"publish\":[" + publish + ("," + publish).repeat(999) + "]")
                        .publishes())
                .hasSize(1_000);
        assertThat(refusal(transaction(",\"publish\":[" + publish + ("," + publish).repeat(1_000) + "]")))
                .isEqualTo("publish must have at most 1000 elements");
        String half = "{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":["
                + IntStream.range(0, 5_000).mapToObj(String::valueOf).collect(Collectors.joining(",")) + "]}";
        assertThat(read(",\"ack\":[" + half + "," + half + "]").acks()).hasSize(2);
        assertThat(refusal(transaction(
                        ",\"ack\":[" + half + "," + half + ",{\"topic\":\"t\",\"client_id\":\"c\",\"offset\":1}]")))
                .isEqualTo("ack must have at most 10000 offsets in all");
    }

    @Test
    void itsNestingCountsAsAWhole() {
        String open = ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":";
        assertThat(decode(transaction(open + "[".repeat(60) + "]".repeat(60) + "}}]")))
                .isInstanceOf(Transaction.class);
        assertThat(refusal(transaction(open + "[".repeat(61) + "]".repeat(61) + "}}]")))
                .startsWith("JSON is nested deeper than 64");
    }

    @Test
    void itLeavesNothingToTheNext() {
        decode(transaction(
                ",\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"key\":\"k\",\"type\":\"x\"}}]"));
        Transaction next = read(",\"publish\":[{\"topic\":\"u\",\"message\":{\"payload\":2}}]");
        assertThat(next.publishes())
                .extracting(Publish::key, Publish::type)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(null, null));
        assertThat(publish("{\"payload\":2}", "").key()).isNull();
    }

    @Test
    void itIsAnsweredAsAWhole() {
        Transaction transaction = read(
                ",\"publish\":[{\"topic\":\"a\",\"message\":{\"payload\":1}},{\"topic\":\"b\",\"message\":{\"payload\":1}}]");
        JsonBytes out = new JsonBytes();
        new StandardCodec(StandardCodec.MessageIds.ANY, 64)
                .transacted(
                        out,
                        transaction,
                        0,
                        List.of(new Codec.Placed("m1", "e", 7, "memory"), new Codec.Placed("m2", "f", 0, "synced")));
        assertThat(out.toString())
                .isEqualTo(
                        "{\"type\":\"ack\",\"request_id\":\"r\",\"status\":\"ok\",\"ts\":\"1970-01-01T00:00:00.000Z\","
                                + "\"results\":[{\"topic\":\"a\",\"message_id\":\"m1\",\"epoch\":\"e\",\"offset\":7,\"durability\":\"memory\"},"
                                + "{\"topic\":\"b\",\"message_id\":\"m2\",\"epoch\":\"f\",\"offset\":0,\"durability\":\"synced\"}]}");
    }
}
