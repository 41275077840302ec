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
import dev.fanfare.topic.TopicRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves messages aside and finds them again. Any thread; nothing here waits or runs user code.
final class DeadLetterDesk {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterDesk.class);

    /// What the names of dead-letter topics begin with.
    static final String PREFIX = "$dead/";

    private final TopicRegistry topics;
    private final TopicConfig config;
    private final Events events;
    private final Backlogs backlogs;
    private final Map<String, DeadLetterTopic> byTopic = new ConcurrentHashMap<>();

    DeadLetterDesk(TopicRegistry topics, TopicConfig config, Events events, Backlogs backlogs) {
        this.topics = topics;
        this.config = config;
        this.events = events;
        this.backlogs = backlogs;
    }

    /// Moves a message aside that a backlog has given up.
    ///
    /// @return false when its dead-letter topic can't take it now
    boolean bury(Backlog of, Entry entry, DeadLetter.Reason reason) {
        Message message = entry.message;
        String target = topicFor(of.terms(), message.topic());
        if (target != null && !publish(of, entry, reason, target)) {
            return false;
        }
        Topic topic = entry.topic;
        if (topic != null) {
            topic.counters().deadLettered(1);
        }
        events.emit(() -> new BrokerEvent.DeadLettered(
                message.topic(), message.offset(), message.id(), of.name(), entry.attempt, reason, target));
        return true;
    }

    /// Where what is given up goes.
    ///
    /// @return null when it goes nowhere: as its terms say, or because it is a dead letter itself
    private static @Nullable String topicFor(Terms terms, String topic) {
        if (terms.discards()) {
            return null;
        }
        String named = terms.deadLetter();
        String target = named == null ? PREFIX + topic : named;
        return topic.startsWith(PREFIX) || topic.equals(target) ? null : target;
    }

    private boolean publish(Backlog of, Entry entry, DeadLetter.Reason reason, String target) {
        try {
            Topic topic = topics.requireOwn(target, config);
            Wakes wakes = new Wakes();
            Message letter = DeadLetterForm.write(
                    entry, of.name(), reason, topics.timers().currentTimeMillis());
            PublishResult result = topics.feeds().publish(topic, letter, wakes);
            wakes.flush();
            if (result instanceof Refused refused) {
                LOG.debug("Dead-letter topic {} refused a message: {}", target, refused.reason());
                return false;
            }
            return true;
        } catch (FanfareException e) {
            LOG.debug("Dead-letter topic {} can't be used", target, e);
            return false;
        }
    }

    /// The dead letters of a topic, or those that a dead-letter topic keeps.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when there is neither the one nor the other
    DeadLetters of(String name) {
        String own = PREFIX + name;
        if (topics.find(own).isPresent()) {
            return at(own);
        }
        if (topics.find(name).isEmpty()) {
            throw new FanfareException(ErrorCode.TOPIC_NOT_FOUND, "topic '" + name + "' does not exist");
        }
        return at(backlogs.takesDeadLetters(name) || name.startsWith(PREFIX) ? name : own);
    }

    private DeadLetters at(String target) {
        return byTopic.computeIfAbsent(target, name -> new DeadLetterTopic(name, topics, backlogs));
    }
}
