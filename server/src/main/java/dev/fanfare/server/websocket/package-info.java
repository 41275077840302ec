/// The WebSocket of RFC 6455 between a socket and a session: handshake, frames, compression, closing. Everything
/// here belongs to the connection's event loop.
@NullMarked
package dev.fanfare.server.websocket;

import org.jspecify.annotations.NullMarked;
