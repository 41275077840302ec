package dev.fanfare.server.filter;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values that Java has no type of its own for.
final class Value {

    private Value() {}

    /// `null`.
    enum Null {
        /// The only one.
        NULL
    }

    /// Bytes; they belong to the value.
    record Bytes(byte[] bytes) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Bytes(var those) && Arrays.equals(bytes, those);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }

    /// What `type()` answers.
    record Type(String name) {}

    /// There is no value.
    ///
    /// @param why for the log
    record Failure(String why) {

        static Failure noOverload(String function) {
            return new Failure("no such overload: " + function);
        }
    }

    /// What kind of value it is, by the language's name for it.
    static String typeName(Object value) {
        return switch (value) {
            case Boolean _ -> "bool";
            case Long _ -> "int";
            case Double _ -> "double";
            case String _ -> "string";
            case Bytes _ -> "bytes";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "map";
            case Instant _ -> "google.protobuf.Timestamp";
            case Duration _ -> "google.protobuf.Duration";
            case Type _ -> "type";
            default -> "null_type";
        };
    }

    /// As the key of a map: numbers that are equal are the same key. Null when no map has such a key; a list is
    /// not even looked for, since what is in it is without bound.
    static @Nullable Object key(Object value) {
        return switch (value) {
            case String _, Long _, Boolean _ -> value;
            case Double number when number == Math.rint(number) && Math.abs(number) < 0x1p63 -> number.longValue();
            default -> null;
        };
    }
}
