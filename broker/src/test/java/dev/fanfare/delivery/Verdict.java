package dev.fanfare.delivery;

/// Whether something counts, or is done; `EITHER` when that depends on what can't be known.
enum Verdict {
    YES,
    NO,
    EITHER;

    boolean allows(boolean counts) {
        return this == EITHER || counts == (this == YES);
    }

    /// Both have to be.
    Verdict and(Verdict other) {
        return this == NO || other == NO ? NO : this == EITHER || other == EITHER ? EITHER : YES;
    }
}
