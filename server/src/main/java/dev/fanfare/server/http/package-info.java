/// HTTP as it arrives: limits on what a request may be and on how long it may take, answers in the order of the
/// requests, and the way out to a WebSocket. A connection's handlers run on its event loop; an endpoint that says so
/// runs on a virtual thread, and the connection waits for it.
@NullMarked
package dev.fanfare.server.http;

import org.jspecify.annotations.NullMarked;
