package dev.fanfare;

/// How much may wait in a broker for its time, or for an answer. Immutable.
///
/// @param messages the most delayed messages; one more is refused with `LIMIT_REACHED`
/// @param bytes the most that delayed messages may cost together; one more is refused with `BACKPRESSURE`
/// @param requests the most requests that wait for replies; one more is refused with `LIMIT_REACHED`
public record Pending(int messages, long bytes, int requests) {

    private static final Pending DEFAULTS =
            new Pending(1_000_000, Runtime.getRuntime().maxMemory() / 10, 100_000);

    /// Checks the bounds.
    public Pending {
        if (messages < 0 || bytes < 0 || requests < 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "what may be pending must not be negative: " + messages + " messages, " + bytes + " bytes, "
                            + requests + " requests");
        }
    }

    /// 1,000,000 messages in at most a tenth of the heap; 100,000 requests.
    public static Pending defaults() {
        return DEFAULTS;
    }
}
