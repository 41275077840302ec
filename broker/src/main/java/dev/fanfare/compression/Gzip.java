package dev.fanfare.compression;

import dev.fanfare.Compression;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// RFC 1952, by the JDK.
public final class Gzip implements Compression {

    /// The only one.
    public static final Gzip INSTANCE = new Gzip();

    private Gzip() {}

    @Override
    public String name() {
        return "gzip";
    }

    @Override
    public byte[] compress(byte[] plain) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(plain.length / 2 + 32);
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException("there is no device that could fail", e);
        }
        return bytes.toByteArray();
    }

    @Override
    public byte[] expand(byte[] compressed, int most) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            return Expanding.all(in, name(), compressed.length, most);
        } catch (IOException malformed) {
            throw Expanding.malformed(name(), String.valueOf(malformed.getMessage()));
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
