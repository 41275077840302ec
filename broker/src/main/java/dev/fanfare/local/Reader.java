package dev.fanfare.local;

/// Whoever reads with a [Cursor], as its feed sees it.
interface Reader {

    /// What it is called.
    String name();

    /// Messages are gone that it did not see. The reader's thread.
    void lost(long count);

    /// The publisher dropped a message for it, inside the section; the topic has counted it.
    void refusedOne();

    /// Messages were lost before they came to its feed; their topic has counted them. Any thread.
    default void missed(long count) {}

    /// Some messages never come to the feed, but are stored: it has to look. Any thread.
    default void missing() {}

    /// A publisher was refused or has to wait because of it; inside the section.
    void pressed();

    /// It is full, with `lag` messages waiting, and its policy is to end then; inside the section.
    void tooSlow(long lag);

    /// Whether the calling thread is in its handler, or about to be.
    boolean runsHere();
}
