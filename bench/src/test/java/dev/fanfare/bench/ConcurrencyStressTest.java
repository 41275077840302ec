package dev.fanfare.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Runs the jcstress tests of the lock-free parts, in processes of their own.
@Tag("stress")
class ConcurrencyStressTest {

    private static final String MODE = System.getProperty("fanfare.jcstress.mode", "quick");

    @Test
    @Timeout(value = 110, unit = TimeUnit.MINUTES) // within tests.seconds of `fanfare stress`
    void onlyAcceptableOutcomesAreSeen(@TempDir Path results) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "org.openjdk.jcstress.Main",
                        "-m",
                        MODE,
                        "-t",
                        "dev.fanfare",
                        "-r",
                        results.toString())
                .directory(results.toFile())
                .redirectErrorStream(true)
                .start();
        // Passed on at once: it says how far it is and how long it will take.
        StringBuilder said = new StringBuilder();
        process.inputReader(StandardCharsets.UTF_8).lines().forEach(line -> {
            System.out.println(line);
            said.append(line).append('\n');
        });
        String output = said.toString();
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output)
                .contains("Failed tests: No matches.", "Error tests: No matches.")
                .containsPattern("All remaining tests: [1-9]\\d* matching");
    }
}
