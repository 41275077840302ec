/// The Java client: publishes and subscribes over WebSocket, reconnects by itself, resumes where it was and says so
/// when messages were missed. [dev.fanfare.client.FanfareClient] is the door.
///
/// Publishing has one connection, and each subscription has one of its own: the events of a subscription never wait
/// behind another's, and a handler that is slow holds up nobody else, through TCP's own back pressure. Everything
/// runs on virtual threads of the client.
@NullMarked
package dev.fanfare.client;

import org.jspecify.annotations.NullMarked;
