package dev.fanfare;

import java.util.Locale;

/// How safe a message is, each level safer than the one before.
public enum Durability {
    /// Gone with the process.
    MEMORY,
    /// Survives the process: it was handed to the operating system.
    WRITTEN,
    /// Survives the power: the storage device has it.
    SYNCED,
    /// Survives a machine.
    REPLICATED;

    private final String label = name().toLowerCase(Locale.ROOT);

    /// As it is written in requests, answers and settings: `memory`, `written`, `synced`, `replicated`.
    public String label() {
        return label;
    }

    /// The safer of the two.
    public Durability or(Durability other) {
        return other.compareTo(this) > 0 ? other : this;
    }

    /// The level of that [#label].
    ///
    /// @throws FanfareException `BAD_REQUEST` when there is none
    public static Durability of(String label) {
        for (Durability each : values()) {
            if (each.label.equals(label)) {
                return each;
            }
        }
        throw new FanfareException(
                ErrorCode.BAD_REQUEST,
                "durability must be memory, written, synced or replicated, not '"
                        + label.substring(0, Math.min(label.length(), 64)) + "'");
    }
}
