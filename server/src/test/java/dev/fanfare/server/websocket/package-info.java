/// The frames of a client, byte by byte.
@NullMarked
package dev.fanfare.server.websocket;

import org.jspecify.annotations.NullMarked;
