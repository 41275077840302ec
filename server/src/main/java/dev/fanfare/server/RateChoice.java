package dev.fanfare.server;

/// What was chosen for the rate at which a connection may publish: a rate, none, or what is usual in the dialect.
///
/// @param automatic what is usual in the dialect
/// @param perSecond messages per second; 0 is without limit
public record RateChoice(boolean automatic, double perSecond) {

    private static final double FLAT_PER_SECOND = 1_000;

    /// No limit.
    public static RateChoice off() {
        return new RateChoice(false, 0);
    }

    /// What is usual in the dialect.
    public static RateChoice auto() {
        return new RateChoice(true, 0);
    }

    /// A rate.
    public static RateChoice of(double perSecond) {
        return new RateChoice(false, perSecond);
    }

    /// Messages per second; 0 is without limit.
    public double in(Dialect dialect) {
        return automatic && dialect == Dialect.FLAT ? FLAT_PER_SECOND : perSecond;
    }
}
