package dev.fanfare.server.flight;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// What a server puts into recordings. Fields are read by Flight Recorder alone.
final class FlightEvents {

    private FlightEvents() {}

    /// What all of them have in common.
    @Category("Fanfare")
    @StackTrace(false)
    abstract static class FanfareEvent extends Event {}

    /// A WebSocket was opened.
    @Name("fanfare.ConnectionOpened")
    @Label("Connection Opened")
    static final class ConnectionOpened extends FanfareEvent {
        @Label("Connection")
        String connection = "";

        @Label("Dialect")
        String dialect = "";

        @Label("Peer")
        String peer = "";
    }

    /// A WebSocket is gone.
    @Name("fanfare.ConnectionClosed")
    @Label("Connection Closed")
    static final class ConnectionClosed extends FanfareEvent {
        @Label("Connection")
        String connection = "";

        @Label("Reason")
        String reason = "";

        @Label("Open For")
        @Timespan(Timespan.NANOSECONDS)
        long openFor;

        @Label("Published")
        long published;

        @Label("Refused")
        long refused;

        @Label("Dropped")
        long dropped;

        @Label("Sent")
        @DataAmount
        long sent;
    }

    /// Somebody has caught up with what was kept, or was cut off before.
    @Name("fanfare.Replay")
    @Label("Replay")
    @Description("From the beginning of a subscription until it had read all that was kept, or ended before")
    static final class Replay extends FanfareEvent {
        @Label("Topic")
        String topic = "";

        @Label("Messages")
        long messages;

        @Label("Cut")
        @Description("Whether its subscription ended, with its connection or without, before it had read all")
        boolean cut;
    }

    /// See [dev.fanfare.BrokerEvent.TopicCreated].
    @Name("fanfare.TopicCreated")
    @Label("Topic Created")
    static final class TopicCreated extends FanfareEvent {
        @Label("Topic")
        String topic = "";
    }

    /// See [dev.fanfare.BrokerEvent.TopicDeleted].
    @Name("fanfare.TopicDeleted")
    @Label("Topic Deleted")
    static final class TopicDeleted extends FanfareEvent {
        @Label("Topic")
        String topic = "";
    }

    /// What a subscription is about that was too slow: it lost messages, was ended, or its publishers had to wait.
    abstract static class Slowness extends FanfareEvent {
        @Label("Topic")
        String topic = "";

        @Label("Subscription")
        String subscription = "";

        @Label("Messages")
        long messages;
    }

    /// See [dev.fanfare.BrokerEvent.SlowConsumer].
    @Name("fanfare.SlowConsumer")
    @Label("Slow Consumer")
    static final class SlowConsumer extends Slowness {}

    /// See [dev.fanfare.BrokerEvent.Backpressure].
    @Name("fanfare.BackPressure")
    @Label("Back Pressure")
    static final class BackPressure extends Slowness {}

    /// See [dev.fanfare.BrokerEvent.MessagesDropped].
    @Name("fanfare.MessagesDropped")
    @Label("Messages Dropped")
    static final class MessagesDropped extends Slowness {}
}
