package dev.fanfare.client;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// What a payload can be compressed in; it travels in base64 then.
public enum Encoding {

    /// RFC 1952, by the JDK.
    GZIP("gzip", "java.util.zip.GZIPInputStream") {
        @Override
        byte[] compressed(byte[] plain) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(plain.length / 2 + 32);
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(plain);
            } catch (IOException e) {
                throw new UncheckedIOException("there is no device that could fail", e);
            }
            return bytes.toByteArray();
        }

        @Override
        InputStream expanding(InputStream compressed) throws IOException {
            return new GZIPInputStream(compressed);
        }
    },

    /// RFC 8878, by the library `com.github.luben:zstd-jni`, for who brings it along.
    ZSTD("zstd", "com.github.luben.zstd.Zstd") {
        @Override
        byte[] compressed(byte[] plain) {
            return Zstd.compressed(plain);
        }

        @Override
        InputStream expanding(InputStream compressed) throws IOException {
            return Zstd.expanding(compressed);
        }
    };

    /// The most bytes of a payload: what expands to more is not what a server passes on.
    static final int PLAIN_MAX = 64 * 1024 * 1024;

    private static final List<Encoding> THERE =
            Stream.of(values()).filter(Encoding::works).toList();

    private final String wireName;
    private final boolean there;

    Encoding(String wireName, String needs) {
        this.wireName = wireName;
        this.there = isThere(needs);
    }

    private static boolean isThere(String name) {
        try {
            Class.forName(name, false, Encoding.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    /// Whether its library does what it should: the part of it that is no Java may not be for this machine.
    private boolean works() {
        if (!there) {
            return false;
        }
        try (InputStream expanded = expanding(new ByteArrayInputStream(compressed(new byte[] {'x'})))) {
            return expanded.read() == 'x';
        } catch (IOException | LinkageError unusable) {
            return false;
        }
    }

    abstract byte[] compressed(byte[] plain);

    abstract InputStream expanding(InputStream compressed) throws IOException;

    /// Those whose libraries are there.
    static List<Encoding> there() {
        return THERE;
    }

    /// The one that is called so on the wire; null when there is none.
    static @Nullable Encoding named(@Nullable String name) {
        for (Encoding encoding : values()) {
            if (encoding.wireName.equals(name)) {
                return encoding;
            }
        }
        return null;
    }

    String wireName() {
        return wireName;
    }

    /// @throws IllegalStateException when its library is not there
    void require() {
        if (!there) {
            throw new IllegalStateException(
                    "zstd needs the library com.github.luben:zstd-jni on the class path; add it, or use gzip");
        }
    }

    /// A payload in this encoding, which is there.
    ///
    /// @return null when that would not be shorter
    @Nullable
    String packed(String payload) {
        byte[] plain = payload.getBytes(StandardCharsets.UTF_8);
        String packed = Base64.getEncoder().encodeToString(compressed(plain));
        return packed.length() < plain.length ? packed : null;
    }

    /// The plain bytes.
    ///
    /// @throws IllegalArgumentException when they are none, or too many, or there is no library to tell
    byte[] plain(String packed) {
        if (!there) {
            throw new IllegalArgumentException("a payload is in " + wireName + ", which was not asked for");
        }
        byte[] bytes = Base64.getDecoder().decode(packed);
        try (InputStream in = expanding(new ByteArrayInputStream(bytes))) {
            byte[] plain = in.readNBytes(PLAIN_MAX);
            if (plain.length == PLAIN_MAX && in.read() >= 0) {
                throw new IllegalArgumentException("a payload expands to more than " + PLAIN_MAX + " bytes");
            }
            return plain;
        } catch (IOException malformed) {
            throw new IllegalArgumentException(
                    "a payload is not well-formed " + wireName + ": " + malformed.getMessage(), malformed);
        }
    }
}
