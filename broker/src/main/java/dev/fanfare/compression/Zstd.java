package dev.fanfare.compression;

import dev.fanfare.Compression;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;

/// Zstandard, where the library that does it is there.
public final class Zstd {

    private static final String LIBRARY = "com.github.luben.zstd.Zstd";

    private static final boolean THERE = isThere(Zstd.class.getClassLoader());

    private Zstd() {}

    private static boolean isThere(ClassLoader loader) {
        try {
            Class.forName(LIBRARY, false, loader);
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    /// Whether it is.
    public static boolean isThere() {
        return THERE;
    }

    /// The only one.
    ///
    /// @throws FanfareException `BAD_REQUEST` when the library is not there
    public static Compression instance() {
        if (!THERE) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "zstd needs the library com.github.luben:zstd-jni on the class path; add it, or use gzip");
        }
        return ZstdCodec.INSTANCE;
    }
}
