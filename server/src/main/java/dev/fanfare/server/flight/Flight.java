package dev.fanfare.server.flight;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import java.util.concurrent.locks.ReentrantLock;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;

/// Puts into recordings what happens in a server and its broker. The broker is listened to only while there is a
/// recording. Any thread.
public final class Flight implements AutoCloseable {

    private final Broker broker;
    private final ReentrantLock lock = new ReentrantLock();
    private final FlightRecorderListener watch = new FlightRecorderListener() {
        @Override
        public void recorderInitialized(FlightRecorder recorder) {
            look(recorder);
        }

        @Override
        public void recordingStateChanged(Recording recording) {
            look(FlightRecorder.getFlightRecorder());
        }
    };

    private BrokerListener.@Nullable Registration listening;
    private boolean closed;

    private Flight(Broker broker) {
        this.broker = broker;
    }

    /// Waits for recordings, and joins those that run.
    public static Flight of(Broker broker) {
        Flight flight = new Flight(broker);
        FlightRecorder.addListener(flight.watch);
        if (FlightRecorder.isInitialized()) {
            flight.look(FlightRecorder.getFlightRecorder());
        }
        return flight;
    }

    private void look(FlightRecorder recorder) {
        boolean records =
                recorder.getRecordings().stream().anyMatch(recording -> recording.getState() == RecordingState.RUNNING);
        lock.lock();
        try {
            if (records && listening == null && !closed) {
                listening = broker.listen(new Listener());
            } else if (!records) {
                stop();
            }
        } finally {
            lock.unlock();
        }
    }

    private void stop() {
        if (listening != null) {
            listening.close();
            listening = null;
        }
    }

    @Override
    public void close() {
        FlightRecorder.removeListener(watch);
        lock.lock();
        try {
            closed = true;
            stop();
        } finally {
            lock.unlock();
        }
    }

    private static final class Listener implements BrokerListener {

        @Override
        public boolean hearsEachMessage() {
            return false;
        }

        @Override
        public void onEvent(BrokerEvent happened) {
            switch (happened) {
                case BrokerEvent.TopicCreated(var topic) -> {
                    var event = new FlightEvents.TopicCreated();
                    event.topic = topic;
                    event.commit();
                }
                case BrokerEvent.TopicDeleted(var topic) -> {
                    var event = new FlightEvents.TopicDeleted();
                    event.topic = topic;
                    event.commit();
                }
                case BrokerEvent.SlowConsumer(var pattern, var subscription, var lag) ->
                    slow(new FlightEvents.SlowConsumer(), pattern, subscription, lag);
                case BrokerEvent.Backpressure(var pattern, var subscription, var publishes) ->
                    slow(new FlightEvents.BackPressure(), pattern, subscription, publishes);
                case BrokerEvent.MessagesDropped(var pattern, var subscription, var messages) ->
                    slow(new FlightEvents.MessagesDropped(), pattern, subscription, messages);
                default -> {}
            }
        }

        private static void slow(FlightEvents.Slowness event, String pattern, String subscription, long messages) {
            event.topic = pattern;
            event.subscription = subscription;
            event.messages = messages;
            event.commit();
        }
    }
}
