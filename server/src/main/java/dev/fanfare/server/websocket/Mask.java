package dev.fanfare.server.websocket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The mask of client frames: RFC 6455, section 5.3.
final class Mask {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Mask() {}

    /// Exclusive-ors `length` bytes at `at` with the four bytes at `maskAt`, eight at a time.
    static void apply(byte[] bytes, int at, int length, byte[] mask, int maskAt) {
        long four = 0;
        for (int i = 3; i >= 0; i--) {
            four = four << 8 | mask[maskAt + i] & 0xFF;
        }
        long eight = four << 32 | four;
        int end = at + length;
        int i = at;
        for (; i + 8 <= end; i += 8) {
            LONGS.set(bytes, i, (long) LONGS.get(bytes, i) ^ eight);
        }
        for (int shift = 0; i < end; i++, shift += 8) {
            bytes[i] ^= (byte) (eight >>> shift);
        }
    }

    /// Turns the mask so that it begins with the byte that follows after `length` bytes.
    static void rotate(byte[] mask, int maskAt, int length) {
        for (int turn = length & 3; turn > 0; turn--) {
            byte first = mask[maskAt];
            mask[maskAt] = mask[maskAt + 1];
            mask[maskAt + 1] = mask[maskAt + 2];
            mask[maskAt + 2] = mask[maskAt + 3];
            mask[maskAt + 3] = first;
        }
    }
}
