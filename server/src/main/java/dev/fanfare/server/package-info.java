/// The server: what it is started with, the sockets it listens on, and the HTTP that arrives there. After the upgrade a
/// connection belongs to the WebSocket; everything else is answered by REST and the pages beside it. Connections live
/// on event loops, which never block.
@NullMarked
package dev.fanfare.server;

import org.jspecify.annotations.NullMarked;
