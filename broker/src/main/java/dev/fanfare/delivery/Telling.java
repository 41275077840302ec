package dev.fanfare.delivery;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Message;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.local.Events;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Tells the broker's listeners what becomes of a backlog's messages. Any thread; events are only put into queues.
final class Telling {

    private final Events events;
    private final String pattern;
    private final String name;

    Telling(Events events, String pattern, String name) {
        this.events = events;
        this.pattern = pattern;
        this.name = name;
    }

    void joined(Member member) {
        events.emit(() -> new BrokerEvent.MemberJoined(pattern, name, member.name()));
    }

    void left(Member member, SubscriptionEnd why) {
        events.emit(() -> new BrokerEvent.MemberLeft(pattern, name, member.name(), why));
    }

    void circuitOpened(int judged, int failed, int slow) {
        events.emit(() -> new BrokerEvent.CircuitOpened(pattern, name, judged, failed, slow));
    }

    void circuitHalfOpen() {
        events.emit(() -> new BrokerEvent.CircuitHalfOpen(pattern, name));
    }

    void circuitClosed() {
        events.emit(() -> new BrokerEvent.CircuitClosed(pattern, name));
    }

    void dropped(long messages) {
        events.emit(() -> new BrokerEvent.MessagesDropped(pattern, name, messages));
    }

    void delivering(List<Handed> taken) {
        if (events.listeningToMessages()) {
            taken.forEach(handed -> {
                events.emitMessage(() -> BrokerEvent.Delivering.of(handed.message(), name, handed.attempt()));
            });
        }
    }

    void delivered(Message message) {
        events.emitMessage(() -> new BrokerEvent.Delivered(message.topic(), message.offset(), message.id(), name));
    }

    /// @param cause null when nothing was thrown
    void failed(Message message, @Nullable Throwable cause) {
        events.emit(() -> new BrokerEvent.Failed(
                message.topic(),
                message.offset(),
                message.id(),
                name,
                cause == null ? new TimeoutException("not acknowledged") : cause));
    }

    void retryScheduled(Entry entry, Duration delay) {
        Message message = entry.message;
        events.emit(() -> new BrokerEvent.RetryScheduled(
                message.topic(), message.offset(), message.id(), name, entry.attempt, delay));
    }
}
