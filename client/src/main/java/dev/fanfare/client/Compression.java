package dev.fanfare.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a client makes payloads smaller on their way. Immutable. Who compresses also takes what it hears compressed, in
/// each [Encoding] that is there; events show what was meant.
///
/// @param encoding in which payloads are published
/// @param above of how many bytes a payload has to be more; 0: none is published so, and none taken
public record Compression(Encoding encoding, int above) {

    /// Checks the parts.
    ///
    /// @throws IllegalStateException when the library that does it is not there
    public Compression {
        if (above < 0) {
            throw new IllegalArgumentException(
                    "payloads of more than 0 bytes or more are compressed, but above is " + above);
        }
        encoding.require();
    }

    /// Payloads are sent and taken as they are.
    public static Compression none() {
        return gzip(0);
    }

    /// Payloads of more than so many bytes are published in gzip.
    public static Compression gzip(int above) {
        return new Compression(Encoding.GZIP, above);
    }

    /// Payloads of more than so many bytes are published in zstd, which is faster and smaller.
    ///
    /// @throws IllegalStateException when the library `com.github.luben:zstd-jni` is not there
    public static Compression zstd(int above) {
        return new Compression(Encoding.ZSTD, above);
    }

    /// A payload in its encoding.
    ///
    /// @return null when it is sent as it is: it is too small, or would not become smaller
    @Nullable
    String packed(String payload) {
        return above > 0 && payload.length() > above ? encoding.packed(payload) : null;
    }

    /// In what payloads are taken.
    List<Encoding> takes() {
        return above == 0 ? List.of() : Encoding.there();
    }
}
