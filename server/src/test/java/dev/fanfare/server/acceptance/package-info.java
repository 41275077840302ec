/// What a peer sees of a running server, over real sockets: nothing here looks inside.
@NullMarked
package dev.fanfare.server.acceptance;

import org.jspecify.annotations.NullMarked;
