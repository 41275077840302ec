package dev.fanfare.client;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Payloads in gzip, written in base64.
final class Gzip {

    static final String NAME = "gzip";

    /// The most bytes of a payload: what expands to more is not what a server passes on.
    static final int PLAIN_MAX = 64 * 1024 * 1024;

    private Gzip() {}

    /// A payload in gzip.
    ///
    /// @return null when that would not be shorter
    static @Nullable String packed(String payload) {
        byte[] plain = payload.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(plain.length / 2 + 32);
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException("there is no device that could fail", e);
        }
        String packed = Base64.getEncoder().encodeToString(bytes.toByteArray());
        return packed.length() < plain.length ? packed : null;
    }

    /// The plain bytes.
    ///
    /// @throws IllegalArgumentException when they are none, or too many
    static byte[] plain(String packed) {
        byte[] bytes = Base64.getDecoder().decode(packed);
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            byte[] plain = in.readNBytes(PLAIN_MAX);
            if (plain.length == PLAIN_MAX && in.read() >= 0) {
                throw new IllegalArgumentException("a payload expands to more than " + PLAIN_MAX + " bytes");
            }
            return plain;
        } catch (IOException malformed) {
            throw new IllegalArgumentException(
                    "a payload is not well-formed gzip: " + malformed.getMessage(), malformed);
        }
    }
}
