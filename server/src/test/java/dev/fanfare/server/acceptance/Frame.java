package dev.fanfare.server.acceptance;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// One WebSocket frame as it came.
///
/// @param opcode 1 text, 8 close, 9 ping, 10 pong
/// @param compressed whether the first reserved bit was set
record Frame(int opcode, boolean compressed, byte[] payload) {

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    /// The payload as text; an [AssertionError] when it is not well-formed UTF-8.
    String text() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw new AssertionError("the server sent malformed UTF-8", malformed);
        }
    }

    /// The code of a close frame, 1005 when it has none.
    int closeCode() {
        return payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
    }

    @Override
    public String toString() {
        return opcode == CLOSE ? "close " + closeCode() : opcode == TEXT ? text() : "opcode " + opcode;
    }
}
