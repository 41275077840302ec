/// Live fan-out: feeds, the way into them, and the feed of messages in process. The publisher's thread appends;
/// readers drain.
@NullMarked
package dev.fanfare.feed;

import org.jspecify.annotations.NullMarked;
