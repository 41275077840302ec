package dev.fanfare.compression;

import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdInputStream;
import dev.fanfare.Compression;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/// RFC 8878, by zstd-jni: not to be touched where that is not.
final class ZstdCodec implements Compression {

    /// How far back a stream may refer: more is refused, since all of it has to be kept.
    private static final int WINDOW_LOG = 23;

    static final ZstdCodec INSTANCE = new ZstdCodec();

    private ZstdCodec() {}

    @Override
    public String name() {
        return "zstd";
    }

    @Override
    public byte[] compress(byte[] plain) {
        return com.github.luben.zstd.Zstd.compress(plain);
    }

    @Override
    public byte[] expand(byte[] compressed, int most) {
        if (compressed.length == 0) {
            throw Expanding.malformed(name(), "it is empty");
        }
        try (ZstdInputStream in = new ZstdInputStream(new ByteArrayInputStream(compressed)).setLongMax(WINDOW_LOG)) {
            return Expanding.all(in, name(), compressed.length, most);
        } catch (ZstdException | IOException malformed) {
            throw Expanding.malformed(name(), String.valueOf(malformed.getMessage()));
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
