/// Events in the recordings of Flight Recorder, category Fanfare. None of them comes with single messages, and without
/// a recording nothing is made and nobody listens to the broker.
@NullMarked
package dev.fanfare.server.flight;

import org.jspecify.annotations.NullMarked;
