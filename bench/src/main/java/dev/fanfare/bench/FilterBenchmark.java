package dev.fanfare.bench;

import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.values.NullValue;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.Program;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.server.filter.Expressions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// From a message to whether an expression is true for it: the server's own steps, and the runtime of the
/// library that reads the expression. Both read the payload from its bytes when they are asked about it, with
/// the same parser.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class FilterBenchmark {

    private static final CelOptions OPTIONS =
            CelOptions.current().enableHeterogeneousNumericComparisons(true).build();

    /// What the filter looks at: headers and type, two members of the payload, each of twenty items, or the
    /// time of day somewhere.
    @Param({"headers", "payload", "items", "time"})
    public String what = "headers";

    private final JsonFactory jackson = new JsonFactory();
    private Message message = Message.text("");
    private Filter ours = Filter.types("none");

    @SuppressWarnings("NullAway.Init") // set before anything is measured
    private Program theirs;

    private boolean readsPayload;

    /// Makes the message, and checks that both answer the same.
    @Setup(Level.Trial)
    public void prepare() throws Exception {
        String items = IntStream.range(0, 20)
                .mapToObj(i -> "{\"sku\":\"s%d\",\"price\":%d.5,\"n\":%d}".formatted(i, i, i % 3))
                .collect(Collectors.joining(","));
        Payload payload = Payload.json("{\"amount\":150,\"region\":\"eu\",\"items\":[" + items + "]}");
        message = Message.of("m1", "order.created", "customer-7", Map.of("region", "eu"), payload)
                .stored("m1", "orders.eu", "e", 17, 1_790_000_000_000L);
        String expression = switch (what) {
            case "headers" -> "message.headers.region == 'eu' && message.type == 'order.created'";
            case "payload" -> "message.payload.amount > 100 && message.payload.region == 'eu'";
            case "items" -> "message.payload.items.exists(i, i.price > 19.0 && i.sku.startsWith('s1'))";
            default -> "message.timestamp.getHours('Europe/Berlin') < 24 && topic.endsWith('.eu')";
        };
        readsPayload = expression.contains("payload");
        ours = Expressions.filter(expression);
        theirs = program(expression);
        if (!steps() || !library()) {
            throw new IllegalStateException("both must be true");
        }
    }

    private static Program program(String expression) throws CelValidationException, CelEvaluationException {
        return CelRuntimeFactory.plannerRuntimeBuilder()
                .setOptions(OPTIONS)
                .build()
                .createProgram(CelCompilerFactory.standardCelCompilerBuilder()
                        .setOptions(OPTIONS)
                        .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                        .addVar("message", MapType.create(SimpleType.STRING, SimpleType.DYN))
                        .addVar("topic", SimpleType.STRING)
                        .build()
                        .compile(expression)
                        .getAst());
    }

    /// What a subscription with `filter` does with each message.
    @Benchmark
    public boolean steps() throws Exception {
        return ours.matches(message);
    }

    /// The same with the library's runtime, which counts nothing.
    @Benchmark
    public boolean library() throws CelEvaluationException {
        Map<String, Object> fields = new HashMap<>();
        fields.put("id", message.id());
        fields.put("type", String.valueOf(message.type()));
        fields.put("key", String.valueOf(message.key()));
        fields.put("headers", message.headers());
        fields.put("timestamp", message.timestamp());
        if (readsPayload) {
            try (JsonParser parser = jackson.createParser(
                    ObjectReadContext.empty(), message.payload().toByteArray())) {
                fields.put("payload", value(parser, parser.nextToken()));
            }
        }
        return (Boolean) theirs.eval(Map.of("message", fields, "topic", message.topic()));
    }

    private static Object value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> {
                Map<String, Object> members = new HashMap<>();
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = parser.currentName();
                    members.put(name, value(parser, parser.nextToken()));
                }
                yield members;
            }
            case START_ARRAY -> {
                List<Object> elements = new ArrayList<>();
                for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                    elements.add(value(parser, next));
                }
                yield elements;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> NullValue.NULL_VALUE;
        };
    }
}
