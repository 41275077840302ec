package dev.fanfare.server.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.values.NullValue;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the server evaluates itself is what the library of the language evaluates.
class ExpressionDifferentialTest {

    private static final CelOptions OPTIONS =
            CelOptions.current().enableHeterogeneousNumericComparisons(true).build();

    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar("message", MapType.create(SimpleType.STRING, SimpleType.DYN))
            .addVar("topic", SimpleType.STRING)
            .build();

    /// The same expressions every time: what the library itself gets wrong is not to fail the suite. Others with
    /// `-Dfanfare.seed`.
    private static final long SEED = 20_261_127;

    private static final CelRuntime RUNTIME =
            CelRuntimeFactory.plannerRuntimeBuilder().setOptions(OPTIONS).build();

    @Test
    void randomExpressionsAnswerAsTheLibraryDoes() throws Exception {
        run(500);
    }

    @Test
    @Tag("stress")
    @Timeout(600)
    void randomExpressionsAnswerAsTheLibraryDoesForLong() throws Exception {
        run(40_000);
    }

    private static void run(int expressions) throws Exception {
        long seed = Long.getLong("fanfare.seed", SEED);
        Random random = new Random(seed);
        int decided = 0;
        for (int i = 0; i < expressions; i++) {
            String expression = new RandomExpression(random).truth(4);
            Message message = RandomExpression.message(random);
            String expected = libraries(expression, message);
            if (!expected.isEmpty()) {
                assertThat(ours(expression, message))
                        .as("%s on %s, seed %d", expression, message.text(), seed)
                        .isEqualTo(expected);
            }
            decided += expected.equals("true") || expected.equals("false") ? 1 : 0;
        }
        assertThat(decided).as("seed %d", seed).isGreaterThan(expressions / 3);
    }

    private static String ours(String expression, Message message) {
        ExpressionFilter filter = Expressions.filter(expression);
        try {
            return String.valueOf(filter.matches(message));
        } catch (Exception failed) {
            return "failure";
        }
    }

    /// What the library answers; empty when it takes the expression for ill-typed, since here it knows less of
    /// messages.
    private static String libraries(String expression, Message message) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("id", message.id());
        fields.put("type", String.valueOf(message.type()));
        fields.put("key", String.valueOf(message.key()));
        fields.put("headers", message.headers());
        fields.put("payload", adapted(PayloadValue.of(message.payload())));
        fields.put("timestamp", message.timestamp());
        try {
            return String.valueOf(
                    RUNTIME.createProgram(COMPILER.compile(expression).getAst())
                            .eval(Map.of("message", fields, "topic", message.topic())));
        } catch (CelEvaluationException failed) {
            return "failure";
        } catch (CelValidationException illTyped) {
            return "";
        }
    }

    private static Object adapted(Object value) {
        return switch (value) {
            case Value.Null _ -> NullValue.NULL_VALUE;
            case List<?> list ->
                list.stream().map(ExpressionDifferentialTest::adapted).toList();
            case Map<?, ?> map -> {
                Map<Object, Object> all = new HashMap<>();
                map.forEach((key, member) -> all.put(key, adapted(member)));
                yield all;
            }
            default -> value;
        };
    }

    @Test
    void payloadsAreReadAsTheyAre() {
        assertThat(PayloadValue.of(Payload.json("{\"a\":[1,2.5,\"x\",null,true]}")))
                .isEqualTo(Map.of("a", List.of(1L, 2.5, "x", Value.Null.NULL, true)));
    }
}
