/// Feeds, cursors and outboxes, with peers that take bytes or refuse them as a test says.
@NullMarked
package dev.fanfare.server.feed;

import org.jspecify.annotations.NullMarked;
