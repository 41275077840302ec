/// How much of the server one client may take, and what happens when there is not enough for all.
@NullMarked
package dev.fanfare.server.limits;

import org.jspecify.annotations.NullMarked;
