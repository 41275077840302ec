/// Traces of messages, by OpenTelemetry. Without one nothing here is made, and a publish pays for a look at a field.
@NullMarked
package dev.fanfare.server.tracing;

import org.jspecify.annotations.NullMarked;
