package dev.fanfare.server.filter;

import dev.fanfare.protocol.Utf8;
import dev.fanfare.server.filter.Value.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The functions of the language by their names. What a call costs beyond one step is charged before it is done.
final class Functions {

    private static final double LONG_END = 0x1p63;

    /// More characters than a whole number of 64 bits may have, zeros in front included.
    private static final int INT_MAX = 64;

    private static final int TEXT_COST = 4;
    private static final int LONG_TEXT_COST = 80;

    private static final Map<String, Steps.Function2> OF_TWO = Map.ofEntries(
            Map.entry("_==_", (run, left, right) -> Comparing.equal(run, left, right)),
            Map.entry("_!=_", (run, left, right) -> !Comparing.equal(run, left, right)),
            Map.entry("_<_", Comparing.Order.LESS::of),
            Map.entry("_<=_", Comparing.Order.LESS_EQUAL::of),
            Map.entry("_>_", Comparing.Order.GREATER::of),
            Map.entry("_>=_", Comparing.Order.GREATER_EQUAL::of),
            Map.entry("@in", Comparing::in),
            Map.entry("_+_", Arithmetic::add),
            Map.entry("_-_", (run, left, right) -> Arithmetic.subtract(left, right)),
            Map.entry("_*_", (run, left, right) -> Arithmetic.multiply(left, right)),
            Map.entry("_/_", (run, left, right) -> Arithmetic.divide(left, right)),
            Map.entry("_%_", (run, left, right) -> Arithmetic.remainder(left, right)),
            Map.entry("_[_]", (run, of, at) -> index(of, at)),
            Map.entry("contains", Functions::contains),
            Map.entry("startsWith", Functions::startsWith),
            Map.entry("endsWith", Functions::endsWith));

    private static final Map<String, Steps.Function> OF_ONE = Map.ofEntries(
            Map.entry("!_", (run, of) -> of[0] instanceof Boolean is ? (Object) !is : Failure.noOverload("!")),
            Map.entry("-_", (run, of) -> Arithmetic.negate(of[0])),
            Map.entry("size", (run, of) -> size(run, of[0])),
            Map.entry("int", (run, of) -> whole(run, of[0])),
            Map.entry("double", (run, of) -> number(run, of[0])),
            Map.entry("string", (run, of) -> text(run, of[0])),
            Map.entry("bytes", (run, of) -> bytes(run, of[0])),
            Map.entry("bool", (run, of) -> truth(of[0])),
            Map.entry("timestamp", (run, of) -> Times.timestamp(run, of[0])),
            Map.entry("duration", (run, of) -> Times.duration(run, of[0])),
            Map.entry("dyn", (run, of) -> of[0]),
            Map.entry("type", (run, of) -> new Value.Type(Value.typeName(of[0]))));

    private Functions() {}

    /// The function of that name with so many arguments, the one before the dot included; null when there is none.
    static @Nullable Step call(String name, List<Step> arguments) {
        Steps.Function2 ofTwo = arguments.size() == 2 ? OF_TWO.get(name) : null;
        if (ofTwo != null) {
            return new Steps.Call2(arguments.get(0), arguments.get(1), ofTwo);
        }
        Steps.Function function = arguments.size() == 1 ? OF_ONE.get(name) : null;
        if (Times.isPart(name)) {
            return Times.part(name, arguments);
        }
        return function == null ? null : new Steps.Call(arguments.toArray(Step[]::new), function);
    }

    private static Object index(Object of, Object at) {
        if (of instanceof Map<?, ?> map) {
            Object key = Value.key(at);
            Object found = key == null ? null : map.get(key);
            return found == null ? new Failure("no such key") : found;
        }
        if (of instanceof List<?> list && Value.key(at) instanceof Long index) {
            return index >= 0 && index < list.size() ? list.get(index.intValue()) : new Failure("index out of bounds");
        }
        return Failure.noOverload("[]");
    }

    private static Object contains(Run run, Object in, Object wanted) {
        if (in instanceof String text && wanted instanceof String part) {
            return Search.contains(run, text, part);
        }
        return Failure.noOverload("contains");
    }

    private static Object startsWith(Run run, Object in, Object wanted) {
        if (in instanceof String text && wanted instanceof String part) {
            run.chargeLength(part.length());
            return text.startsWith(part);
        }
        return Failure.noOverload("startsWith");
    }

    private static Object endsWith(Run run, Object in, Object wanted) {
        if (in instanceof String text && wanted instanceof String part) {
            run.chargeLength(part.length());
            return text.endsWith(part);
        }
        return Failure.noOverload("endsWith");
    }

    private static Object size(Run run, Object of) {
        return switch (of) {
            case String text -> {
                run.chargeLength(text.length());
                yield (long) text.codePointCount(0, text.length());
            }
            case Value.Bytes(var bytes) -> (long) bytes.length;
            case List<?> list -> (long) list.size();
            case Map<?, ?> map -> (long) map.size();
            default -> Failure.noOverload("size");
        };
    }

    // Conversions.

    private static Object whole(Run run, Object of) {
        return switch (of) {
            case Long number -> number;
            case Double number ->
                number > -LONG_END && number < LONG_END
                        ? (Object) number.longValue()
                        : new Failure("a number is out of range");
            case String text
            when text.length() <= INT_MAX -> {
                run.charge(text.length());
                try {
                    yield Long.valueOf(text);
                } catch (NumberFormatException none) {
                    run.chargeException();
                    yield new Failure("no int");
                }
            }
            case String _ -> new Failure("no int");
            case Instant time -> time.getEpochSecond();
            default -> Failure.noOverload("int");
        };
    }

    private static Object number(Run run, Object of) {
        return switch (of) {
            case Double number -> number;
            case Long number -> number.doubleValue();
            case String text -> {
                run.charge(4 + 2L * text.length());
                try {
                    yield Double.valueOf(text);
                } catch (NumberFormatException none) {
                    run.chargeException();
                    yield new Failure("no double");
                }
            }
            default -> Failure.noOverload("double");
        };
    }

    private static Object text(Run run, Object of) {
        return switch (of) {
            case String text -> text;
            case Long _, Boolean _ -> {
                run.charge(TEXT_COST);
                yield of.toString();
            }
            case Double _, Instant _ -> {
                run.charge(LONG_TEXT_COST);
                yield of.toString();
            }
            case Duration length -> {
                run.charge(LONG_TEXT_COST);
                yield Times.text(length);
            }
            case Value.Bytes(var bytes) -> {
                run.chargeLength(bytes.length);
                yield Utf8.wellFormed(bytes, 0, bytes.length)
                        ? new String(bytes, StandardCharsets.UTF_8)
                        : new Failure("not UTF-8");
            }
            default -> Failure.noOverload("string");
        };
    }

    private static Object bytes(Run run, Object of) {
        return switch (of) {
            case Value.Bytes bytes -> bytes;
            case String text -> {
                run.chargeLength(text.length());
                yield new Value.Bytes(text.getBytes(StandardCharsets.UTF_8));
            }
            default -> Failure.noOverload("bytes");
        };
    }

    private static Object truth(Object of) {
        return switch (of) {
            case Boolean is -> is;
            case String text ->
                switch (text) {
                    case "true", "True", "TRUE", "t", "1" -> true;
                    case "false", "False", "FALSE", "f", "0" -> false;
                    default -> new Failure("no bool");
                };
            default -> Failure.noOverload("bool");
        };
    }
}
