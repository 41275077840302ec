package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;

/// What a cursor has copied out of its feed for a peer that fell behind, oldest first, and what was lost before each
/// piece of it. On the connection's event loop.
final class KeptFrames {

    private record Piece(long lostBefore, ByteBuf bytes) {}

    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(1);

    /// Takes the bytes over.
    ///
    /// @param lostBefore how many messages were lost between what was added before and this
    void add(long lostBefore, ByteBuf bytes) {
        pieces.add(new Piece(lostBefore, bytes));
    }

    boolean isEmpty() {
        return pieces.isEmpty();
    }

    /// The oldest, which is the caller's now.
    ///
    /// @param owner told before what was lost before it
    ByteBuf next(WireCursor.Owner owner) {
        Piece oldest = pieces.remove();
        if (oldest.lostBefore() > 0) {
            owner.dropped(oldest.lostBefore());
        }
        return oldest.bytes();
    }

    /// How many were lost before what is still here.
    long untold() {
        return pieces.stream().mapToLong(Piece::lostBefore).sum();
    }

    /// Nobody gets the rest.
    void release() {
        pieces.forEach(piece -> piece.bytes().release());
    }
}
