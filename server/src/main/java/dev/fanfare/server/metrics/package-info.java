/// The figures of a server as Prometheus reads them, by Micrometer. Nothing here is called for a single message: the
/// broker counts anyway, and is asked when somebody looks.
@NullMarked
package dev.fanfare.server.metrics;

import org.jspecify.annotations.NullMarked;
