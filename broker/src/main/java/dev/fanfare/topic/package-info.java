/// The topics: the single writer of each log, the registry of names, and the index from topics to the feeds that
/// hear them. Not API.
///
/// Locks, in the only order in which two are ever held together: the registry's (names, subscriptions, plans), then
/// one topic's section (append, join), then one feed's own. The registry calls feeds to open and end them, a
/// section to append and attach.
@NullMarked
package dev.fanfare.topic;

import org.jspecify.annotations.NullMarked;
