package dev.fanfare.delivery;

import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import org.jspecify.annotations.Nullable;

/// What is known of one message above a subscription's position, as it is stored.
///
/// @param done whether it is done; the rest says nothing then
/// @param attempt how often it was handed to a member
/// @param returns how many of these attempts are no failures
/// @param dueMillis when it is tried again, in milliseconds since 1970; 0 at once
/// @param failures what went wrong; null when nothing did
record Outcome(
        boolean done,
        int attempt,
        int returns,
        long dueMillis,
        @Nullable Failures failures) {

    static final Outcome DONE = new Outcome(true, 0, 0, 0, null);

    private static final int FORM_DONE = 1;
    private static final int FORM_OPEN = 2;
    private static final int FORM_FAILED = 3;

    /// A message that may have been handed to a member before the process ended.
    static Outcome mayHaveBeenHanded() {
        return new Outcome(false, 1, 1, 0, null);
    }

    byte[] toBytes() {
        if (done) {
            return new byte[] {FORM_DONE};
        }
        ByteWriter out = new ByteWriter(64)
                .octet(failures == null ? FORM_OPEN : FORM_FAILED)
                .number(attempt)
                .number(returns)
                .number(dueMillis);
        return failures == null
                ? out.toByteArray()
                : out.text(failures.first()).text(failures.last()).toByteArray();
    }

    static Outcome of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        return switch (in.octet()) {
            case FORM_DONE -> DONE;
            case FORM_OPEN ->
                new Outcome(false, in.number(Integer.MAX_VALUE), in.number(Integer.MAX_VALUE), in.number(), null);
            case FORM_FAILED ->
                new Outcome(
                        false,
                        in.number(Integer.MAX_VALUE),
                        in.number(Integer.MAX_VALUE),
                        in.number(),
                        new Failures(in.text(), in.text()));
            default -> throw in.corrupt("what became of a message is of an unknown form");
        };
    }

    /// The same after the process ended, for a message that may have been handed to a member once more.
    Outcome onceMore() {
        return new Outcome(false, attempt + 1, returns + 1, dueMillis, failures);
    }
}
