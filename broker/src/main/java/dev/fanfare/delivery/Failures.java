package dev.fanfare.delivery;

/// What went wrong with a message, as text: keeping what was thrown would keep everything it refers to.
///
/// @param first of its attempts
/// @param last of its attempts
record Failures(String first, String last) {

    /// One more failure.
    static Failures after(@org.jspecify.annotations.Nullable Failures before, String error) {
        return new Failures(before == null ? error : before.first, error);
    }
}
