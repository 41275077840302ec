/// Requests and their replies: who waits for what, and where replies go.
@NullMarked
package dev.fanfare.request;

import org.jspecify.annotations.NullMarked;
