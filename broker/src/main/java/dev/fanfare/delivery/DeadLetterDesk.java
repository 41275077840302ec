package dev.fanfare.delivery;

import dev.fanfare.BrokerEvent;
import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.store.Keys;
import dev.fanfare.store.NumberedRows;
import dev.fanfare.store.Table;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.TopicRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves messages aside and finds them again. Any thread; nothing here waits or runs user code.
final class DeadLetterDesk {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterDesk.class);

    /// What the names of dead-letter topics begin with.
    static final String PREFIX = "$dead/";

    /// What became of a message that was to be moved aside.
    ///
    /// @param refused why its dead-letter topic can't take it now; null when it has
    /// @param together whether it was stored with the dead letter that the message is done
    record Moved(@Nullable Refused refused, boolean together) {}

    private final TopicRegistry topics;
    /// What topics are made with that keep dead letters.
    private final Supplier<TopicConfig> config;
    private final Events events;
    private final Backlogs backlogs;
    private final Map<String, DeadLetterTopic> byTopic = new ConcurrentHashMap<>();

    DeadLetterDesk(TopicRegistry topics, Supplier<TopicConfig> config, Events events, Backlogs backlogs) {
        this.topics = topics;
        this.config = config;
        this.events = events;
        this.backlogs = backlogs;
    }

    /// Moves a message aside that a backlog has given up.
    ///
    /// @param done told what became of it: on this thread, or on the one that commits
    void bury(Backlog of, Entry entry, DeadLetter.Reason reason, Consumer<Moved> done) {
        String target = topicFor(of.terms(), entry);
        if (target == null) {
            buried(of, entry, reason, null);
            done.accept(new Moved(null, false));
            return;
        }
        Committer.Change with = of.completion().burying(entry);
        PublishResult result = publish(of, entry, reason, target, with);
        if (result instanceof PublishResult.Pending pending) {
            pending.commit().onDone(failure -> {
                if (failure == null) {
                    buried(of, entry, reason, target);
                }
                done.accept(new Moved(failure, with != null));
            });
            return;
        }
        Refused refused = result instanceof Refused no ? no : null;
        if (refused == null) {
            buried(of, entry, reason, target);
        }
        done.accept(new Moved(refused, false));
    }

    private void buried(Backlog of, Entry entry, DeadLetter.Reason reason, @Nullable String target) {
        Message message = entry.message;
        Topic topic = entry.topic;
        if (topic != null) {
            topic.counters().deadLettered(1);
        }
        events.emit(() -> new BrokerEvent.DeadLettered(
                message.topic(), message.offset(), message.id(), of.name(), entry.attempt, reason, target));
    }

    /// Where what is given up goes.
    ///
    /// @return null when it goes nowhere: as its terms say, or because it is a dead letter itself
    private static @Nullable String topicFor(Terms terms, Entry entry) {
        if (terms.discards()) {
            return null;
        }
        Topic origin = entry.topic;
        String topic = entry.message.topic();
        String named = terms.deadLetter();
        if (named == null && origin != null && origin.config().deadLetter() != null) {
            // Topics that name each other would pass it on for ever.
            if (DeadLetterForm.isLetter(entry.message)) {
                return null;
            }
            named = origin.config().deadLetter();
        }
        String target = named == null ? PREFIX + topic : named;
        return topic.startsWith(PREFIX) || topic.equals(target) ? null : target;
    }

    /// @param with what is stored with it, when it is stored; null for nothing
    private PublishResult publish(
            Backlog of, Entry entry, DeadLetter.Reason reason, String target, Committer.@Nullable Change with) {
        PublishResult result;
        try {
            LiveTopic topic = topics.requireOwn(target, config(entry));
            Wakes wakes = new Wakes();
            Message letter = DeadLetterForm.write(
                    entry, of.name(), reason, topics.timers().currentTimeMillis());
            result = topic.publish(letter, wakes, with);
            wakes.flush();
        } catch (FanfareException e) {
            result = Refused.of(e);
        } catch (RuntimeException bug) {
            LOG.error("Dead-letter topic {} failed: a bug", target, bug);
            result = new Refused(ErrorCode.INTERNAL, String.valueOf(bug));
        }
        if (result instanceof Refused refused) {
            LOG.debug("Dead-letter topic {} did not take a message: {}", target, refused.reason());
        }
        return result;
    }

    /// Dead letters are as safe as the messages that they were.
    private TopicConfig config(Entry entry) {
        Topic topic = entry.topic;
        TopicConfig usual = config.get();
        return topic == null ? usual : usual.withDurability(topic.config().durability());
    }

    /// What the store says: which letters of a topic are none any more. Once, before anything else.
    void restore(Committer committer, Map<Integer, LiveTopic> topicsByNumber) {
        committer.remembers(to -> byTopic.values().forEach(letters -> letters.sayAgain(to)));
        topicsByNumber.forEach((number, topic) -> NumberedRows.ofSubscription(
                committer.store(),
                Table.OUTCOMES,
                Keys.LETTERS,
                number,
                0,
                (offset, _) -> at(topic.name()).wasRedriven(offset),
                (from, _) -> committer
                        .damage()
                        .lost("Which dead letters of topic " + topic.name()
                                + " were published again can't be read, from offset " + from
                                + ": they are listed once more")));
    }

    /// The dead letters of a topic, or those that a dead-letter topic keeps.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when there is neither the one nor the other
    DeadLetters of(String name) {
        String own = PREFIX + name;
        if (topics.find(own).isPresent()) {
            return at(own);
        }
        Topic topic = topics.find(name)
                .orElseThrow(
                        () -> new FanfareException(ErrorCode.TOPIC_NOT_FOUND, "topic '" + name + "' does not exist"));
        String elsewhere = topic.config().deadLetter();
        if (elsewhere != null) {
            return at(elsewhere);
        }
        return at(name.startsWith(PREFIX) || backlogs.takesDeadLetters(name) || keepsLetters(name) ? name : own);
    }

    /// Whether the newest message of a topic is a dead letter: who gave it up may have gone. Nobody reads it
    /// here: one that is too old does not count as left out.
    private boolean keepsLetters(String name) {
        return topics.find(name)
                .flatMap(topic -> ((LiveTopic) topic).newest())
                .map(DeadLetterForm::read)
                .isPresent();
    }

    private DeadLetterTopic at(String target) {
        return byTopic.computeIfAbsent(target, name -> new DeadLetterTopic(name, topics, backlogs));
    }
}
