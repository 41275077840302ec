/// Sessions without a socket.
@NullMarked
package dev.fanfare.server.session;

import org.jspecify.annotations.NullMarked;
