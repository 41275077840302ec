/// Ways to make payloads smaller. Not API.
@NullMarked
package dev.fanfare.compression;

import org.jspecify.annotations.NullMarked;
