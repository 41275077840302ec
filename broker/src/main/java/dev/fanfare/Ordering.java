package dev.fanfare;

import java.util.Locale;

/// Which order a topic's messages have.
public enum Ordering {
    /// As appended, per topic; in groups per key, or per partition if there are any.
    FIFO,
    /// The same, said by a topic with partitions: in groups, the order holds within each of them.
    PARTITIONED,
    /// As [#FIFO], and all topics of a broker that say so share one order, that of appending: every subscription
    /// that hears several of them hears it, and no message is heard before all before it are, whichever of the
    /// topics they belong to and however safe these are. They share one lock, too: publishing to one waits for
    /// publishing to another, and what is published behind a message that has to be stored is heard after that.
    ///
    /// A replay has the same order: [Message#turn].
    GLOBAL;

    /// The name on the wire: lower case.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
