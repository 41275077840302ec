package dev.fanfare.server.filter;

import dev.fanfare.server.filter.Value.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// When values are equal, and which is less. Numbers are compared as numbers, whatever their kinds.
final class Comparing {

    private static final double LONG_END = 0x1p63;

    private Comparing() {}

    static boolean equal(Run run, Object left, Object right) {
        if (left instanceof Long || left instanceof Double) {
            return (right instanceof Long || right instanceof Double) && equalNumbers(left, right);
        }
        if (left instanceof String a) {
            if (!(right instanceof String b) || a.length() != b.length()) {
                return false;
            }
            run.chargeLength(a.length());
            return a.equals(b);
        }
        if (left instanceof List<?> a) {
            return right instanceof List<?> b && equalLists(run, a, b);
        }
        if (left instanceof Map<?, ?> a) {
            return right instanceof Map<?, ?> b && equalMaps(run, a, b);
        }
        if (left instanceof Value.Bytes(var a)) {
            run.chargeLength(a.length);
        }
        return left.equals(right);
    }

    private static boolean equalNumbers(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            return a.longValue() == b.longValue();
        }
        // What is no number equals nothing, itself neither.
        return left instanceof Double a && right instanceof Double b
                ? a.doubleValue() == b.doubleValue()
                : order(left, right) == 0;
    }

    private static boolean equalLists(Run run, List<?> a, List<?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        Iterator<?> others = b.iterator();
        for (Object each : a) {
            run.charge(1);
            if (!equal(run, each, others.next())) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalMaps(Run run, Map<?, ?> a, Map<?, ?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Map.Entry<?, ?> each : a.entrySet()) {
            run.chargeLength(each.getKey() instanceof String name ? name.length() : 1);
            Object other = b.get(each.getKey());
            if (other == null || !equal(run, each.getValue(), other)) {
                return false;
            }
        }
        return true;
    }

    /// Whether a list has an element, or a map a key.
    static Object in(Run run, Object wanted, Object where) {
        if (where instanceof Map<?, ?> map) {
            Object key = Value.key(wanted);
            return key != null && map.containsKey(key);
        }
        if (!(where instanceof List<?> list)) {
            return Failure.noOverload("in");
        }
        for (Object each : list) {
            run.charge(1);
            if (equal(run, wanted, each)) {
                return true;
            }
        }
        return false;
    }

    /// `<`, `<=`, `>` or `>=`.
    enum Order {
        LESS("<") {
            @Override
            boolean holds(int order) {
                return order < 0;
            }
        },
        LESS_EQUAL("<=") {
            @Override
            boolean holds(int order) {
                return order <= 0;
            }
        },
        GREATER(">") {
            @Override
            boolean holds(int order) {
                return order > 0;
            }
        },
        GREATER_EQUAL(">=") {
            @Override
            boolean holds(int order) {
                return order >= 0;
            }
        };

        private final String sign;

        Order(String sign) {
            this.sign = sign;
        }

        abstract boolean holds(int order);

        Object of(Run run, Object left, Object right) {
            if (isNumber(left) && isNumber(right)) {
                // Nothing is less, equal or greater than what is no number.
                return !isNaN(left) && !isNaN(right) && holds(order(left, right));
            }
            if (left instanceof String a && right instanceof String b) {
                run.chargeLength(Math.min(a.length(), b.length()));
                return holds(a.compareTo(b));
            }
            if (left instanceof Boolean a && right instanceof Boolean b) {
                return holds(a.compareTo(b));
            }
            if (left instanceof Instant a && right instanceof Instant b) {
                return holds(a.compareTo(b));
            }
            if (left instanceof Duration a && right instanceof Duration b) {
                return holds(a.compareTo(b));
            }
            if (left instanceof Value.Bytes(var a) && right instanceof Value.Bytes(var b)) {
                run.chargeLength(Math.min(a.length, b.length));
                return holds(Arrays.compareUnsigned(a, b));
            }
            return Failure.noOverload(sign);
        }
    }

    private static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double;
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && number.isNaN();
    }

    /// Exact: a whole number of 64 bits does not fit into a double.
    private static int order(Object left, Object right) {
        if (left instanceof Long a) {
            return right instanceof Long b ? Long.compare(a, b) : orderExactly(a, (Double) right);
        }
        double a = (Double) left;
        return right instanceof Long b
                ? -orderExactly(b, a)
                : a == (Double) right ? 0 : Double.compare(a, (Double) right);
    }

    private static int orderExactly(long whole, double number) {
        if (Double.isNaN(number)) {
            return -1;
        }
        if (number >= LONG_END || number < -LONG_END) {
            return number > 0 ? -1 : 1;
        }
        int order = Long.compare(whole, (long) number);
        // Cut off towards zero: what was cut off decides between equals.
        return order != 0 ? order : Double.compare(0, number - (long) number + 0.0);
    }
}
