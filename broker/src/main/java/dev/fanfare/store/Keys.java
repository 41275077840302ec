package dev.fanfare.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Keys made of numbers, none of them negative, so that the order of the bytes is that of the numbers.
public final class Keys {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /// Stands for dead letters where the number of a subscription stands otherwise, which is never 0.
    public static final int LETTERS = 0;

    private Keys() {}

    /// One number: a topic, or a subscription.
    public static byte[] of(int first) {
        byte[] key = new byte[Integer.BYTES];
        INT.set(key, 0, first);
        return key;
    }

    /// A number and a longer one: a topic and an offset.
    public static byte[] of(int first, long second) {
        byte[] key = new byte[Integer.BYTES + Long.BYTES];
        INT.set(key, 0, first);
        LONG.set(key, Integer.BYTES, second);
        return key;
    }

    /// Two numbers: a subscription and a topic.
    public static byte[] of(int first, int second) {
        byte[] key = new byte[2 * Integer.BYTES];
        INT.set(key, 0, first);
        INT.set(key, Integer.BYTES, second);
        return key;
    }

    /// Two numbers and a longer one: a subscription, a topic and an offset.
    public static byte[] of(int first, int second, long third) {
        byte[] key = new byte[2 * Integer.BYTES + Long.BYTES];
        INT.set(key, 0, first);
        INT.set(key, Integer.BYTES, second);
        LONG.set(key, 2 * Integer.BYTES, third);
        return key;
    }

    /// A number and what follows it.
    public static byte[] of(int first, byte[] rest) {
        byte[] key = new byte[Integer.BYTES + rest.length];
        INT.set(key, 0, first);
        System.arraycopy(rest, 0, key, Integer.BYTES, rest.length);
        return key;
    }

    /// The number that stands `at` in a key.
    public static int intAt(byte[] key, int at) {
        return (int) INT.get(key, at);
    }

    /// The longer number that stands `at` in a key.
    public static long longAt(byte[] key, int at) {
        return (long) LONG.get(key, at);
    }
}
