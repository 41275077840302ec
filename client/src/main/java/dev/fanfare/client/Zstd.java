package dev.fanfare.client;

import com.github.luben.zstd.ZstdInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;

/// Zstandard by zstd-jni: not to be touched where that is not.
final class Zstd {

    /// How far back a stream may refer, as a power of two: more is refused, since all of it has to be kept.
    private static final int WINDOW_LOG = 23;

    private Zstd() {}

    static byte[] compressed(byte[] plain) {
        return com.github.luben.zstd.Zstd.compress(plain);
    }

    static InputStream expanding(InputStream compressed) throws IOException {
        // Nothing at all is no stream, which the library does not mind.
        PushbackInputStream some = new PushbackInputStream(compressed);
        int first = some.read();
        if (first < 0) {
            throw new EOFException("it is empty");
        }
        some.unread(first);
        return new ZstdInputStream(some).setLongMax(WINDOW_LOG);
    }
}
