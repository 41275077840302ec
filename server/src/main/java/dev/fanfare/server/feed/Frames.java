package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Where frames of a server begin and end, read from their own headers (RFC 6455, section 5.2).
public final class Frames {

    private Frames() {}

    /// Cuts a slice of whole frames behind the frame up to which it has been read: the slice ends there.
    ///
    /// @param from where its first frame begins
    /// @return the frames behind the cut, to be released; null if there are none
    public static @Nullable ByteBuf cut(ByteBuf slice, int from) {
        int at = from;
        while (at < slice.readerIndex()) {
            at += length(slice, at);
        }
        int left = slice.writerIndex() - at;
        if (left == 0) {
            return null;
        }
        ByteBuf rest = slice.retainedSlice(at, left);
        slice.writerIndex(at);
        return rest;
    }

    /// Of the frame that begins at this index, header included.
    private static int length(ByteBuf frames, int at) {
        int length = frames.getUnsignedByte(at + 1);
        return switch (length) {
            case 126 -> 4 + frames.getUnsignedShort(at + 2);
            case 127 -> 10 + Math.toIntExact(frames.getLong(at + 2));
            default -> 2 + length;
        };
    }
}
