/// Filters that peers write: expressions in CEL, the Common Expression Language, over a message and its topic.
///
/// An expression is parsed and type-checked by the library of the language, on a thread that may take its time, and
/// planned into steps that this package runs itself: each step counts what it costs, so that no expression, however
/// hostile, takes more than a bounded time for a message. See docs/decisions/0009.
@NullMarked
package dev.fanfare.server.filter;

import org.jspecify.annotations.NullMarked;
