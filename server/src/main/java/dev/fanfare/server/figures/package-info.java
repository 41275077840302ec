/// What the server did in the last two minutes, second by second.
@NullMarked
package dev.fanfare.server.figures;

import org.jspecify.annotations.NullMarked;
