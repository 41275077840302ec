/// Where a topic's messages are kept: the second step of a message's path. One writer, the topic inside its
/// section; readers on any thread. A log forgets by count, bytes and age, and never numbers a message twice.
@NullMarked
package dev.fanfare.log;

import org.jspecify.annotations.NullMarked;
