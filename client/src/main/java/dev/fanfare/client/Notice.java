package dev.fanfare.client;

/// Something a user of a client may want to know beside the messages. [Object#toString] of each is a sentence.
public sealed interface Notice {

    /// A connection broke; the client is reconnecting.
    ///
    /// @param why what happened, for people
    record ConnectionLost(String why) implements Notice {
        @Override
        public String toString() {
            return "connection lost (" + why + "), reconnecting";
        }
    }

    /// The connection for publishing is back.
    ///
    /// @param resent how many unanswered messages were sent again, with the ids they had
    record Reconnected(int resent) implements Notice {
        @Override
        public String toString() {
            return "reconnected, sent " + resent + (resent == 1 ? " message" : " messages") + " again";
        }
    }

    /// A subscription is back.
    ///
    /// @param recovered whether nothing was missed
    /// @param missed how many messages were missed at most, or -1 when that can't be known, as for a pattern.
    ///     Of a topic that keeps only the newest message of each key, those that had a newer one count, too:
    ///     they were taken out, not missed
    record Resumed(boolean recovered, long missed) implements Notice {
        @Override
        public String toString() {
            if (recovered) {
                return "resumed, nothing was missed";
            }
            return missed < 0
                    ? "resumed, but messages may have been missed: the gap was larger than the history that is kept,"
                            + " or a topic was deleted or made anew"
                    : "resumed, but up to " + missed + " messages were missed: the gap was larger than the history that"
                            + " is kept";
        }
    }

    /// A subscription is back, on a topic that was made anew meanwhile: its server was restarted, or it was
    /// deleted and made again. It begins with the oldest message of the new one that is kept; what the old one
    /// had after the last message heard is lost.
    ///
    /// @param topic the topic
    record MadeAnew(String topic) implements Notice {
        @Override
        public String toString() {
            return "resumed, but topic " + topic
                    + " was made anew (was the server restarted?): what the old one had and was not heard is lost";
        }
    }

    /// The server dropped messages because this subscriber was too slow.
    ///
    /// @param pattern what was subscribed to
    /// @param count how many since the last such notice
    record MessagesDropped(String pattern, long count) implements Notice {
        @Override
        public String toString() {
            return count + " messages of " + pattern + " were dropped by the server: this subscriber was too slow";
        }
    }

    /// After a reconnect the topic is not there (a server that forgot it, for example). The subscription goes on
    /// asking.
    ///
    /// @param topic the topic
    record TopicMissing(String topic) implements Notice {
        @Override
        public String toString() {
            return "topic " + topic + " does not exist any more, waiting for it";
        }
    }

    /// The subscription is over: its topic was deleted.
    ///
    /// @param topic the topic
    record TopicDeleted(String topic) implements Notice {
        @Override
        public String toString() {
            return "topic " + topic + " was deleted";
        }
    }

    /// The subscription is over: the server does not give it back after a reconnect, has ended it, or somebody else has
    /// taken its name over.
    ///
    /// @param why for people
    record Ended(String why) implements Notice {
        @Override
        public String toString() {
            return why;
        }
    }
}
