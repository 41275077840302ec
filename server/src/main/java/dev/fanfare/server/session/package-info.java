/// What a peer asks for and hears, whatever the transport and the dialect: a session per connection, on its event loop.
@NullMarked
package dev.fanfare.server.session;

import org.jspecify.annotations.NullMarked;
