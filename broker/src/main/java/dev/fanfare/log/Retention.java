package dev.fanfare.log;

/// How much a log keeps: a message is forgotten as soon as one of the bounds says so.
///
/// @param messages the newest that are kept
/// @param bytes the most that the kept messages may cost, by [TopicLog#cost]; a message larger than that alone is
///     not kept at all
/// @param ageMillis how old a kept message may be; 0 for no bound
public record Retention(int messages, long bytes, long ageMillis) {

    /// What a message costs beside its payload, names and headers: objects and their references, in bytes.
    public static final int OVERHEAD = 200;

    /// Checks the bounds.
    public Retention {
        if (messages < 0 || bytes < 0 || ageMillis < 0) {
            throw new IllegalArgumentException("retention must not be negative: " + messages + " messages, " + bytes
                    + " bytes, " + ageMillis + " ms");
        }
    }
}
