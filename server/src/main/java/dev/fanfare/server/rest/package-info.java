/// What is answered over HTTP in each dialect: topics, messages, health and figures. Endpoints know neither sockets nor
/// the order of answers; they run on the connection's event loop unless they say that they take long.
@NullMarked
package dev.fanfare.server.rest;

import org.jspecify.annotations.NullMarked;
