package dev.fanfare.server.filter;

import dev.fanfare.server.filter.Value.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// `+`, `-`, `*`, `/` and `%`. An int and a double together make a double: in JSON the same field is written `1` and
/// `1.5`. None of it throws: an exception would take longer than a thousand sums.
final class Arithmetic {

    private static final Failure OVERFLOW = new Failure("a number is out of range");
    private static final Failure BY_ZERO = new Failure("divided by zero");

    private Arithmetic() {}

    static Object add(Run run, Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            long sum = a + b;
            return ((a ^ sum) & (b ^ sum)) < 0 ? OVERFLOW : (Object) sum;
        }
        if (left instanceof Number a && right instanceof Number b) {
            return a.doubleValue() + b.doubleValue();
        }
        if (left instanceof String a && right instanceof String b) {
            run.chargeLength((long) a.length() + b.length());
            return a.concat(b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            run.charge(1L + a.size() + b.size());
            List<Object> both = new ArrayList<>(a.size() + b.size());
            both.addAll(a);
            both.addAll(b);
            return both;
        }
        if (left instanceof Value.Bytes(var a) && right instanceof Value.Bytes(var b)) {
            run.chargeLength((long) a.length + b.length);
            byte[] both = Arrays.copyOf(a, a.length + b.length);
            System.arraycopy(b, 0, both, a.length, b.length);
            return new Value.Bytes(both);
        }
        if (left instanceof Instant a && right instanceof Duration b) {
            return Times.inRange(a.plus(b));
        }
        if (left instanceof Duration a && right instanceof Instant b) {
            return Times.inRange(b.plus(a));
        }
        return left instanceof Duration a && right instanceof Duration b
                ? Times.inRange(a.plus(b))
                : Failure.noOverload("+");
    }

    static Object subtract(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            long difference = a - b;
            return ((a ^ b) & (a ^ difference)) < 0 ? OVERFLOW : (Object) difference;
        }
        if (left instanceof Number a && right instanceof Number b) {
            return a.doubleValue() - b.doubleValue();
        }
        if (left instanceof Instant a && right instanceof Duration b) {
            return Times.inRange(a.minus(b));
        }
        if (left instanceof Instant a && right instanceof Instant b) {
            return Times.inRange(Duration.between(b, a));
        }
        return left instanceof Duration a && right instanceof Duration b
                ? Times.inRange(a.minus(b))
                : Failure.noOverload("-");
    }

    static Object multiply(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            long product = a * b;
            return Math.multiplyHigh(a, b) == product >> 63 ? (Object) product : OVERFLOW;
        }
        return left instanceof Number a && right instanceof Number b
                ? (Object) (a.doubleValue() * b.doubleValue())
                : Failure.noOverload("*");
    }

    static Object divide(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            if (b == 0) {
                return BY_ZERO;
            }
            return a == Long.MIN_VALUE && b == -1 ? OVERFLOW : (Object) (a / b);
        }
        return left instanceof Number a && right instanceof Number b
                ? (Object) (a.doubleValue() / b.doubleValue())
                : Failure.noOverload("/");
    }

    static Object remainder(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            if (b == 0) {
                return BY_ZERO;
            }
            return a == Long.MIN_VALUE && b == -1 ? OVERFLOW : (Object) (a % b);
        }
        return Failure.noOverload("%");
    }

    static Object negate(Object operand) {
        return switch (operand) {
            case Long number -> number == Long.MIN_VALUE ? OVERFLOW : (Object) (-number);
            case Double number -> -number;
            default -> Failure.noOverload("-");
        };
    }
}
