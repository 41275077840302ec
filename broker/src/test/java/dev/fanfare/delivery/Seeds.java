package dev.fanfare.delivery;

import java.util.Optional;
import java.util.stream.LongStream;

/// Runs random histories, several at a time, each determined by its seed.
final class Seeds {

    /// The property that asks for one seed only.
    private static final String ONLY = "fanfare.seed";

    private Seeds() {}

    /// One history.
    @FunctionalInterface
    interface History {
        /// Runs the one of that seed.
        ///
        /// @param told takes what happened
        void run(long seed, StringBuilder told) throws InterruptedException;
    }

    /// A seed that nobody has seen, unless one was asked for.
    static long any() {
        return Long.getLong(ONLY, System.nanoTime());
    }

    /// So many histories, or that of the seed that was asked for.
    static void run(Class<?> test, int count, History history) {
        long first = any();
        LongStream.range(first, first + (Long.getLong(ONLY) == null ? count : 1))
                .parallel()
                .mapToObj(seed -> failure(test, seed, history))
                .flatMap(Optional::stream)
                .findAny()
                .ifPresent(error -> {
                    throw error;
                });
    }

    private static Optional<AssertionError> failure(Class<?> test, long seed, History history) {
        StringBuilder told = new StringBuilder();
        try {
            history.run(seed, told);
            return Optional.empty();
        } catch (AssertionError | RuntimeException | InterruptedException e) {
            return Optional.of(new AssertionError(
                    "seed " + seed + "; again: mvn -pl broker test -Dtest=" + test.getSimpleName() + " -D" + ONLY + "="
                            + seed + "\n" + e.getMessage() + "\n" + told,
                    e));
        }
    }
}
