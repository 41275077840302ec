package dev.fanfare.server.filter;

/// One step of a planned expression.
///
/// A value is a `Boolean`, `Long`, `Double`, `String`, [Value.Bytes], `Instant`, `Duration`, `List`, `Map`,
/// [Value.Null], [Value.Type], or a [Value.Failure]: an error is a value too, since `&&` and `||` may make good for it.
@FunctionalInterface
interface Step {

    /// The value for a message.
    ///
    /// @throws Run.OutOfBudget when the whole expression has cost too much
    Object on(Run run);
}
