package dev.fanfare;

import dev.fanfare.compression.Gzip;
import dev.fanfare.compression.Zstd;
import java.util.Optional;

/// A way to make payloads smaller. [#gzip] is always there, [#zstd] where its library is; others may be written.
/// Any thread.
///
/// A payload that is kept compressed ([Payload#compressed]) is plain to everybody who does not ask:
/// [Payload#text], [Payload#size] and the like, and every dialect on the wire, see what was published.
public interface Compression {

    /// What it is called, as in HTTP's `Content-Encoding`.
    String name();

    /// The compressed bytes. Leaves the array as it is.
    byte[] compress(byte[] plain);

    /// The plain bytes again.
    ///
    /// @param most how many there may be: it never makes more of them
    /// @throws FanfareException `TOO_LARGE` when there are more; `BAD_REQUEST` when the bytes are not of this
    ///     kind
    byte[] expand(byte[] compressed, int most);

    /// Gzip, as the JDK has it.
    static Compression gzip() {
        return Gzip.INSTANCE;
    }

    /// Zstandard: faster than gzip, and smaller. Needs the library `com.github.luben:zstd-jni`, which Fanfare
    /// does not bring along.
    ///
    /// @throws FanfareException `BAD_REQUEST` when the library is not there
    static Compression zstd() {
        return Zstd.instance();
    }

    /// The one of that name; empty when there is none here.
    static Optional<Compression> named(String name) {
        return switch (name) {
            case "gzip" -> Optional.of(gzip());
            case "zstd" -> Zstd.isThere() ? Optional.of(zstd()) : Optional.empty();
            default -> Optional.empty();
        };
    }
}
