/// The figures of a server, read as Prometheus would.
@NullMarked
package dev.fanfare.server.metrics;

import org.jspecify.annotations.NullMarked;
