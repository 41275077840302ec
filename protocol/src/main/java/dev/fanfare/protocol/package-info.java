/// The JSON of the wire: what peers say and what they hear, in both dialects. Bytes in, bytes out; it knows no broker
/// and no socket.
@NullMarked
package dev.fanfare.protocol;

import org.jspecify.annotations.NullMarked;
