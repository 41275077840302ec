/// The last step of a message's path: feeds that hold encoded frames contiguously, cursors that are nothing but a
/// place in them, and the outbox of a connection. Publishers' threads append; everything else belongs to the event
/// loop of the connection.
@NullMarked
package dev.fanfare.server.feed;

import org.jspecify.annotations.NullMarked;
