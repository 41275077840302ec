@NullMarked
package dev.fanfare.server.filter;

import org.jspecify.annotations.NullMarked;
