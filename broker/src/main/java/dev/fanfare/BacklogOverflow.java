package dev.fanfare;

import java.util.Locale;

/// What happens when a group or durable subscription has as much to do as its topic's backlog may hold, and one
/// more message comes.
public enum BacklogOverflow {
    /// Publishers are told: refused or made to wait, as the subscription's [Overflow] policy says.
    REFUSE,
    /// The oldest message that nobody has in hand becomes a dead letter ([DeadLetter.Reason#OVERFLOW]), and
    /// publishers go on.
    DEAD_LETTER,
    /// What does not fit is left in the topic's log. Only on durable topics.
    SPILL;

    /// The name in settings and on the wire: lower case with underscores.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The one with that [#label].
    ///
    /// @throws FanfareException `BAD_REQUEST` when there is none
    public static BacklogOverflow of(String label) {
        for (BacklogOverflow each : values()) {
            if (each.label().equals(label)) {
                return each;
            }
        }
        String shown = label.length() <= 40 ? label : label.substring(0, 40) + "…";
        throw new FanfareException(
                ErrorCode.BAD_REQUEST, "backlog overflow must be refuse, dead_letter or spill, not '" + shown + "'");
    }
}
