package dev.fanfare.server.rest;

import dev.fanfare.feed.Pattern;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;
import org.jspecify.annotations.Nullable;

/// What somebody has to be allowed to make the calls of a route. Every route says it.
public sealed interface Need {

    /// Nothing: it carries no data. Nobody is asked who it is.
    Need NOTHING = new Nothing();

    /// To come in; what is told is what its rights cover.
    Need ENTRY = new Entry();

    /// To see the server's own figures and events.
    Need FIGURES = new Figures();

    /// To manage every topic.
    Need EVERYTHING = new Everything();

    /// Anything with the topic that the path names.
    Need SOMETHING = new OnTopic(null);

    /// An operation on the topic that the path names.
    static Need topic(Operation operation) {
        return new OnTopic(operation);
    }

    /// Whether these rights cover a call.
    boolean isMet(Rights rights, Call call);

    /// What is missing, as the answer says it.
    String text();

    /// See [#NOTHING].
    record Nothing() implements Need {
        @Override
        public boolean isMet(Rights rights, Call call) {
            return true;
        }

        @Override
        public String text() {
            return "nothing";
        }
    }

    /// See [#ENTRY].
    record Entry() implements Need {
        @Override
        public boolean isMet(Rights rights, Call call) {
            return true;
        }

        @Override
        public String text() {
            return "to come in";
        }
    }

    /// See [#FIGURES].
    record Figures() implements Need {
        @Override
        public boolean isMet(Rights rights, Call call) {
            return rights.may(Operation.OBSERVE);
        }

        @Override
        public String text() {
            return Operation.OBSERVE.word();
        }
    }

    /// See [#EVERYTHING].
    record Everything() implements Need {
        private static final Pattern ALL = Pattern.of("**");

        @Override
        public boolean isMet(Rights rights, Call call) {
            return rights.mayAll(Operation.MANAGE, ALL);
        }

        @Override
        public String text() {
            return Operation.MANAGE.word() + " every topic";
        }
    }

    /// See [#topic] and [#SOMETHING].
    ///
    /// @param operation null: any
    record OnTopic(@Nullable Operation operation) implements Need {
        @Override
        public boolean isMet(Rights rights, Call call) {
            String topic = call.variable("name");
            return operation == null ? rights.sees(topic) : rights.may(operation, topic);
        }

        @Override
        public String text() {
            return operation == null ? "anything with this topic" : operation.word() + " on this topic";
        }
    }
}
