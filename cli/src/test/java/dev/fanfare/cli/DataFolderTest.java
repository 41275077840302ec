package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
}
