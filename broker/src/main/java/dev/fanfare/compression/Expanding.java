package dev.fanfare.compression;

import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import java.io.IOException;
import java.io.InputStream;

/// Reading what is compressed, never more than a bound: a few bytes may stand for gigabytes.
final class Expanding {

    private Expanding() {}

    /// All that a stream gives.
    ///
    /// @throws FanfareException `TOO_LARGE` as soon as it gives more than `most` bytes
    /// @throws IOException when it is malformed
    static byte[] all(InputStream in, String name, int compressed, int most) throws IOException {
        byte[] plain = in.readNBytes(most);
        if (plain.length == most && in.read() >= 0) {
            throw tooLarge(name, compressed, most);
        }
        return plain;
    }

    static FanfareException tooLarge(String name, int compressed, int most) {
        return new FanfareException(
                BrokerLimit.MESSAGE_SIZE,
                "a payload of " + compressed + " bytes of " + name + " expands to more than the " + most
                        + " bytes that are allowed");
    }

    static FanfareException malformed(String name, String why) {
        return new FanfareException(ErrorCode.BAD_REQUEST, "a payload is not well-formed " + name + ": " + why);
    }
}
