/// Figures compared with thresholds: what is beyond one for some time is told to the log, to a topic and to a
/// webhook, and so is that it is over.
@NullMarked
package dev.fanfare.server.alerts;

import org.jspecify.annotations.NullMarked;
