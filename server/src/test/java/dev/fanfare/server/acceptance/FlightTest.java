package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a recording of Flight Recorder says of a server.
class FlightTest {

    @TempDir
    private Path folder;

    @Test
    void aRecordingShowsConnectionsTopicsCommitsAndReplays() throws Exception {
        List<RecordedEvent> events;
        try (Broker broker = Broker.open(BrokerConfig.defaults().withStore(new MemoryStore()));
                RunningServer server = RunningServer.with(broker);
                Recording recording = new Recording()) {
            recording.start();
            broker.createTopic("stored", TopicConfig.defaults().withDurability(Durability.SYNCED));
            for (int i = 0; i < 3; i++) {
                broker.publish("stored", "x");
            }
            try (WireClient client = server.connect()) {
                subscribe(client, "stored", "c", ",\"last_n\":3");
                client.events(3);
                // That the replay is over is noticed after its last message has left.
                awaitEvent(recording, "Replay");
            }
            broker.deleteTopic("stored");
            awaitEvent(recording, "ConnectionClosed");
            awaitEvent(recording, "TopicDeleted");
            events = dump(recording);
        }

        RecordedEvent opened = named(events, "ConnectionOpened").getFirst();
        assertThat(opened.getEventType().getCategoryNames()).containsExactly("Fanfare");
        assertThat(opened.getString("dialect")).isEqualTo("standard");
        RecordedEvent closed = named(events, "ConnectionClosed").getFirst();
        assertThat(closed.getString("connection")).isEqualTo(opened.getString("connection"));
        assertThat(closed.getLong("sent")).isPositive();
        assertThat(named(events, "TopicCreated").getFirst().getString("topic")).isEqualTo("stored");
        RecordedEvent replay = named(events, "Replay").getFirst();
        assertThat(replay.getString("topic")).isEqualTo("stored");
        assertThat(replay.getLong("messages")).isEqualTo(3);
        assertThat(replay.getBoolean("cut")).isFalse();
        assertThat(named(events, "Commit"))
                .anyMatch(commit -> commit.getInt("topics") == 1 && commit.getBoolean("synced"))
                .noneMatch(commit -> commit.getBoolean("failed"))
                .allMatch(commit -> !commit.getDuration().isNegative());
    }

    @Test
    void aReplayThatIsCutOffSaysHowFarItCame() throws Exception {
        int kept = 30;
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(broker);
                Recording recording = new Recording()) {
            recording.start();
            broker.createTopic("large", TopicConfig.defaults().withHistory(kept).withHistoryBytes(64 << 20));
            for (int i = 0; i < kept; i++) {
                broker.publish("large", "x".repeat(500_000));
            }
            try (WireClient client = WireClient.tcp(server.port(), 64 << 10).upgrade("/ws")) {
                subscribe(client, "large", "c", ",\"last_n\":" + kept);
                client.events(1);
            }
            awaitEvent(recording, "Replay");

            RecordedEvent replay = named(dump(recording), "Replay").getFirst();
            assertThat(replay.getBoolean("cut")).isTrue();
            assertThat(replay.getLong("messages")).isBetween(1L, kept - 1L);
        }
    }

    @Test
    void withoutARecordingNobodyListensToTheBroker() throws Exception {
        try (Broker broker = Broker.open();
                RunningServer server = RunningServer.with(broker)) {
            assertThat(server.port()).isPositive();
            broker.createTopic("before");
            List<RecordedEvent> events;
            try (Recording recording = new Recording()) {
                recording.start();
                broker.createTopic("during");
                awaitEvent(recording, "TopicCreated");
                recording.stop();
                events = dump(recording);
            }
            assertThat(named(events, "TopicCreated"))
                    .extracting(event -> event.getString("topic"))
                    .containsExactly("during");
        }
    }

    /// What happens is recorded by whichever thread did it.
    private void awaitEvent(Recording recording, String name) {
        RunningServer.await(() -> !named(dump(recording), name).isEmpty(), name);
    }

    private List<RecordedEvent> dump(Recording recording) {
        try {
            Path file = folder.resolve("flight.jfr");
            recording.dump(file);
            return RecordingFile.readAllEvents(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("fanfare." + name))
                .toList();
    }
}
