package dev.fanfare.server.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {

    private static final String PAYLOAD = """
            {"amount": 150, "price": 9.5, "big": 9007199254740993, "huge": 123456789012345678901234567890,
             "name": "Zo\\u00eb", "tags": ["a", "b"], "items": [{"sku": "x", "n": 2}, {"sku": "y", "n": 3}],
             "nested": {"deep": {"flag": true}}, "nothing": null, "empty": [], "zone": "Europe/Berlin",
             "edge": 9223372036854775807, "under": -9223372036854775808, "beyond": 9223372036854775808}
            """;

    private static final Message MESSAGE = Message.of(
                    "m1", "order.created", "customer-7", Map.of("region", "eu", "trace-id", "t"), Payload.json(PAYLOAD))
            .stored(
                    "m1",
                    "orders.eu",
                    "e",
                    17,
                    Instant.parse("2026-01-31T12:30:00Z").toEpochMilli());

    private static final Message BARE =
            Message.of(null, null, null, Map.of(), Payload.json("7")).stored("m2", "orders", "e", 0, 1);

    private static boolean matches(String expression, Message message) throws Exception {
        return Expressions.filter(expression).matches(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "true",
                "message.payload.amount > 100 && message.headers.region == 'eu'",
                "message.id == 'm1' && message.type == \"order.created\" && message.key.startsWith('customer-')",
                "topic == 'orders.eu' && topic.endsWith('.eu') && topic.contains('rs.')",
                "message.timestamp > timestamp('2026-01-01T00:00:00Z')",
                "message.timestamp - duration('1h') < timestamp('2026-01-31T12:00:00+00:00')",
                "message.timestamp.getHours() == 12 && message.timestamp.getHours('America/New_York') == 7",
                "message.timestamp.getDayOfWeek('02:00') == 6 && message.timestamp.getMonth() == 0",
                "message.headers['trace-id'] == 't' && 'region' in message.headers",
                "has(message.headers.region) && !has(message.headers.other) && has(message.payload.nested.deep)",
                "has(message.payload.nothing) && message.payload.nothing == null",
                "message.payload.price * message.payload.amount == 1425.0",
                "message.payload.price * 2 == 19 && message.payload.amount / 2 == 75 && message.payload.amount % 4 == 2",
                "message.payload.amount + 2.5 == 152.5 && -message.payload.amount < 0",
                "message.payload.big == 9007199254740993 && message.payload.big != 9007199254740992",
                "message.payload.big > 9007199254740992.0",
                "message.payload.huge > 1e29",
                "message.payload.name == 'Zoë' && size(message.payload.name) == 3 && message.payload.name.size() == 3",
                "message.payload.name.matches('^Z[a-zë]+$') && matches(message.payload.name, 'o')",
                "'a' in message.payload.tags && !('c' in message.payload.tags) && message.payload.tags[1] == 'b'",
                "message.payload.tags == ['a', 'b'] && message.payload.tags + ['c'] == ['a', 'b', 'c']",
                "message.payload.items.exists(i, i.sku == 'y' && i.n > 2)",
                "message.payload.items.all(i, i.n > 1) && message.payload.items.exists_one(i, i.n == 2)",
                "message.payload.items.map(i, i.n) == [2, 3] && message.payload.items.filter(i, i.n > 2).size() == 1",
                "message.payload.items.map(i, i.n > 2, i.sku) == ['y']",
                "message.payload.items.map(i, message.payload.tags.map(t, t + i.sku)) == [['ax', 'bx'], ['ay', 'by']]",
                "message.payload.empty.all(x, false) && !message.payload.empty.exists(x, true)",
                "message.payload.nested.all(name, name == 'deep')",
                "message.payload.nested == {'deep': {'flag': true}}",
                "[1, 2.0, 3].exists(x, x == 2) && dyn(1) in [1.0] && {1: 'one'}[1] == 'one'",
                "message.payload.missing == 1 || message.payload.amount == 150",
                "message.payload.amount == 150 || message.payload.missing == 1",
                "!(message.payload.missing == 1 && message.payload.amount == 0)",
                "message.payload.amount > 100 ? message.payload.nested.deep.flag : false",
                "string(message.payload.amount) == '150' && int('7') == 7 && double('1.5') == 1.5 && int(2.9) == 2",
                "bytes('abc') == b'abc' && string(b'abc') == 'abc' && size(b'\\xff\\x00') == 2 && bool('true')",
                "string(duration('90m')) == '5400s' && duration('1h30m') == duration('5400s')",
                "duration('-1.5s').getMilliseconds() == -500 && duration('2h').getMinutes() == 120",
                "type(message.payload.amount) == int && type(message.payload.tags) == list && type('') != bytes",
                "(message.payload.name + (message.payload.tags[0] + message.payload.name)).endsWith('oë')",
                "dyn(message.payload.amount) == 150 && message.payload.nested.deep.flag",
                "0.0 / 0.0 != 0.0 / 0.0 && !(0.0 / 0.0 == 0.0 / 0.0) && !(0.0 / 0.0 in [0.0 / 0.0])",
                "[0.0 / 0.0].all(n, n != n && dyn(n) != dyn(1) && !(n < n || n >= n) && [n] != [n] && {'a': n} != {'a': n})",
                "0.0 == -0.0 && dyn(0) == dyn(-0.0) && 1.0 / 0.0 == 1.0 / 0.0 && 1.0 / 0.0 != -1.0 / 0.0",
                "9223372036854775807 - 1 + 1 == 9223372036854775807 && -9223372036854775807 - 1 < 0",
                "-1 * 9223372036854775807 == -9223372036854775807 && 3037000499 * 3037000499 == 9223372030926249001",
                "message.payload.edge == 9223372036854775807 && message.payload.under == -9223372036854775807 - 1",
                "type(message.payload.beyond) == double && type(message.payload.edge) == int",
                "message.timestamp.getHours('+02:00') == 14 && message.timestamp.getMinutes('-00:30') == 0",
                "message.timestamp.getHours(message.payload.zone) == 13 && message.timestamp.getHours('Z') == 12",
                "!([1] in message.payload) && !(b'a' in message.payload) && !(1 in message.payload) && dyn(1.0) in {1: 2}"
            })
    void anExpressionTakesAMessage(String expression) throws Exception {
        assertThat(matches(expression, MESSAGE)).as(expression).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "false",
                "message.payload.amount > 150",
                "message.payload.amount == '150'",
                "message.headers.region == 'us'",
                "message.payload.tags == ['a']",
                "message.payload.nothing == 0",
                "message.payload.nested == {}",
                "message.payload.big == 9007199254740992.0"
            })
    void anExpressionPassesAMessageOver(String expression) throws Exception {
        assertThat(matches(expression, MESSAGE)).as(expression).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "message.payload.missing > 1",
                "message.payload.amount.x == 1",
                "message.headers.other == 'x'",
                "message.payload.tags[5] == 'a'",
                "message.payload.name > 1",
                "message.payload.amount / 0 == 1",
                "message.payload.big * 9007199254740993 > 0",
                "message.payload.amount",
                "message.payload.tags && true",
                "int(message.payload.name) == 1",
                "timestamp(message.payload.name) > message.timestamp",
                "message.payload.amount.exists(x, true)",
                "message.payload.items.map(i, i.missing).size() == 2",
                "message.timestamp.getHours('Nowhere/Land') == 1",
                "message.timestamp.getHours('19:00') == 1",
                "message.timestamp.getHours('01:60') == 1",
                "message.timestamp.getHours(message.payload) == 1",
                "dyn(duration('1s')).getHours('Europe/Berlin') == 0",
                "9223372036854775807 + 1 > 0",
                "-9223372036854775807 - 2 < 0",
                "4294967296 * 4294967296 == 0",
                "message.timestamp + duration('80000000h') > message.timestamp",
                "timestamp(-99999999999999) < message.timestamp",
                "timestamp(9223372036854775807) > message.timestamp",
                "message.payload.matches('a')"
            })
    void whatFailsOnAMessageIsAFailure(String expression) {
        Filter filter = Expressions.filter(expression);

        assertThatThrownBy(() -> filter.matches(MESSAGE)).as(expression).isInstanceOf(Exception.class);
    }

    @Test
    void whatAMessageDoesNotHaveIsEmptyAndAbsent() throws Exception {
        assertThat(matches("message.type == '' && message.key == '' && message.payload == 7", BARE))
                .isTrue();
        assertThat(matches("has(message.type) || has(message.key) || has(message.headers)", BARE))
                .isFalse();
        assertThat(matches("has(message.id) && has(message.payload) && has(message.timestamp)", BARE))
                .isTrue();
        assertThat(matches("has(message.type) && has(message.key) && has(message.headers)", MESSAGE))
                .isTrue();
    }

    @Test
    void aPayloadThatIsNotJsonIsTextOrBytes() throws Exception {
        Message text = Message.text("hello").stored("m", "t", "e", 0, 0);
        Message bytes =
                Message.of(Payload.bytes(new byte[] {1, -1}, Payload.BINARY)).stored("m", "t", "e", 0, 0);
        Message broken = Message.json("{no").stored("m", "t", "e", 0, 0);

        assertThat(matches("message.payload == 'hello' && type(message.payload) == string", text))
                .isTrue();
        assertThat(matches("message.payload == b'\\x01\\xff' && message.payload.size() == 2", bytes))
                .isTrue();
        assertThat(matches("message.payload == '{no'", broken)).isTrue();
    }

    @Test
    void aPayloadOfAnyKindIsRead() throws Exception {
        for (String json : new String[] {"null", "true", "\"text\"", "1.5", "-0", "[[], {}]", "1e400", "1E-2"}) {
            Message message = Message.json(json).stored("m", "t", "e", 0, 0);
            assertThat(matches("message.payload == message.payload", message))
                    .as(json)
                    .isTrue();
        }
        assertThat(matches("message.payload == null", Message.json("null").stored("m", "t", "e", 0, 0)))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "message.payload.amount >  | filter, line 1, column 25: mismatched input",
                "message.amount > 1  | filter, line 1, column 8: undefined field 'amount'",
                "payload.amount > 1  | filter, line 1, column 1: undeclared reference to 'payload'",
                "message.id > 1  | filter, line 1, column 12: found no matching overload",
                "topic.frob()  | filter, line 1, column 11: undeclared reference to 'frob'",
                "message.id  | filter must be true or false for a message, not string",
                "1u < 2u  | filter, line 1, column 1: uint is not supported",
                "message.payload.a.matches(topic)  | filter, line 1, column 27: the pattern of matches must be written out",
                "topic.matches('(')  | filter, line 1, column 15: not a pattern of RE2",
                "topic.matches('((((a{10}){10}){10}){10}){10}')  | filter, line 1, column 15: the pattern is too large",
                "topic.matches('(a{50}){50}')  | filter, line 1, column 15: the pattern is too large",
                "[message] == []  | filter, line 1, column 2: message can't be used as a whole",
                "Message{id: 'x'} == message  | filter, line 1, column 8: messages can't be made",
                "google.protobuf.Timestamp == type(1)  | filter, line 1",
                "``  | filter, line 1, column 1: mismatched input",
                "'unclosed  | filter, line 1, column 1: token recognition error"
            })
    void aBadExpressionIsRefusedWithItsPlace(String expression, String told) {
        assertThatThrownBy(() -> Expressions.filter(expression))
                .as(expression)
                .isInstanceOfSatisfying(
                        FanfareException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BAD_REQUEST))
                .hasMessageStartingWith(told);
    }

    @Test
    void longTextsAreFoundWhereverTheyAre() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            String text = letters(random, random.nextInt(400));
            String part = letters(random, 10 + random.nextInt(30));
            int from = random.nextInt(text.length() + 1);
            String wanted = random.nextBoolean() ? part : text.substring(from);
            Message message = Message.json("{\"t\":\"" + text + "\",\"w\":\"" + wanted + "\"}")
                    .stored("m", "t", "e", 0, 0);
            assertThat(matches("message.payload.t.contains(message.payload.w)", message))
                    .as("%s in %s, run again with -Dfanfare.seed=%d", wanted, text, seed)
                    .isEqualTo(text.contains(wanted));
        }
    }

    /// Few letters, so that much of a text is found again in it.
    private static String letters(Random random, int length) {
        return random.ints(length, 0, 12)
                .mapToObj(each -> each == 0 ? "b" : "a")
                .collect(Collectors.joining());
    }

    @Test
    void thePlaceCountsLines() {
        assertThatThrownBy(() -> Expressions.filter("true &&\n  message.nope"))
                .hasMessageStartingWith("filter, line 2, column 10: ");
    }

    @Test
    void expressionsThatSayTheSameAreEqual() {
        Filter one = Expressions.filter("message.payload.a == 'x' && topic != 'y'");
        Filter same = Expressions.filter("  message.payload.a==\"x\"\n&& // as before\n topic != 'y'");
        Filter other = Expressions.filter("message.payload.a == 'x ' && topic != 'y'");

        assertThat(same).isEqualTo(one).hasSameHashCodeAs(one);
        assertThat(other).isNotEqualTo(one);
        assertThat(one.and(Filter.types("t"))).isEqualTo(same.and(Filter.types("t")));
        assertThat(one).hasToString("message.payload.a == 'x' && topic != 'y'");
        assertThat(one.isBounded()).isTrue();
    }
}
