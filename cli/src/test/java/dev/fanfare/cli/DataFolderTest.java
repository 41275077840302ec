package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.TopicConfig;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {

    @TempDir
    private Path folder;

    @Test
    void aStartThatTakesItsTimeSaysWhatItDoesAndForHowLong() {
        CompletableFuture<String> opening = new CompletableFuture<>();
        CompletableFuture<String> first = new CompletableFuture<>();
        CompletableFuture<String> second = new CompletableFuture<>();
        DataFolder data = new DataFolder(folder, 128 << 20, line -> {
            if (line.startsWith("opening ")) {
                opening.complete(line);
            } else if (!first.complete(line)) {
                second.complete(line);
            }
        });
        // What is brought back takes as long as it takes until it was said twice.
        String answer = data.open(store -> {
            try (store) {
                return second.orTimeout(30, TimeUnit.SECONDS).join();
            }
        });
        String doing = "bringing back what is in " + folder + ": ";
        int begun = seconds(first.join(), doing);
        assertThat(begun).isPositive();
        assertThat(seconds(answer, doing)).isEqualTo(begun + 1);
        if (begun > 1) {
            assertThat(opening).isCompletedWithValue("opening " + folder + ": 1 s");
        }
    }

    private static int seconds(String line, String doing) {
        assertThat(line).startsWith(doing).endsWith(" s");
        return Integer.parseInt(line, doing.length(), line.length() - " s".length(), 10);
    }

    @Test
    void itSaysHowMuchOfWhatIsStoredIsBack() {
        DataFolder silent = new DataFolder(folder, 128 << 20, _ -> {});
        silent.open(store -> {
            try (store;
                    Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
                for (int i = 0; i < 100; i++) {
                    broker.createTopic("t" + i, TopicConfig.defaults().withDurability(Durability.WRITTEN));
                }
                return store;
            }
        });
        CompletableFuture<String> said = new CompletableFuture<>();
        DataFolder data = new DataFolder(folder, 128 << 20, line -> {
            if (line.startsWith("bringing back ")) {
                said.complete(line);
            }
        });
        String line = data.open(store -> {
            try (store;
                    Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
                assertThat(broker.topic("t99")).isPresent();
                return said.orTimeout(30, TimeUnit.SECONDS).join();
            }
        });
        Matcher rows = Pattern.compile(": \\d+ s, (\\d+) of about (\\d+) rows$").matcher(line);
        assertThat(rows.find()).as(line).isTrue();
        assertThat(Integer.parseInt(rows.group(1))).isGreaterThan(100);
        assertThat(Integer.parseInt(rows.group(2))).isGreaterThan(100);
    }
}
