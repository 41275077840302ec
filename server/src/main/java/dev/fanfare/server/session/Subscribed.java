package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.security.Rights;
import org.jspecify.annotations.Nullable;

/// One subscription of a session. On the connection's event loop, but for [#open].
sealed interface Subscribed permits WireSubscription, AckedSubscription {

    /// A subscription is the pair of client_id and topic (or pattern) on a connection.
    record Key(String clientId, String topic) {}

    /// What it is.
    Key key();

    /// What it hears.
    Pattern pattern();

    /// What of that its peer was allowed to hear when it began.
    Rights.View view();

    /// Where its peer has messages go that are given up; null when it says nothing about that.
    default @Nullable String deadLetter() {
        return null;
    }

    /// Takes its place. Nothing is delivered before [#begin]. For a pattern, any thread; what it does is seen by the
    /// loop later.
    ///
    /// @throws dev.fanfare.FanfareException why it can't be had
    void open(Start start);

    /// It has its place: what it was granted.
    Attachment.Opened opened();

    /// Tells when it is as safe as it has to be that there is one of its name; null when it is.
    default @Nullable Commit established() {
        return null;
    }

    /// Delivers: the subscriber has been told that it is subscribed.
    void begin();

    /// What waits for the peer counts as lost.
    void giveUp();

    /// Delivers what is there, whatever its batch still waits for.
    void flush();

    /// Ends it because the peer wants it.
    ///
    /// @return tells when that is as safe as it has to be; null when it is
    default @Nullable Commit unsubscribe() {
        close();
        return null;
    }

    /// Ends it without a word to the peer.
    void close();
}
