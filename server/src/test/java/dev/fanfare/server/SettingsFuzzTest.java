package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whatever is written as the value of a setting or into a file of them: it is taken, or refused with a reason.
class SettingsFuzzTest {

    private static final List<String> VALUES = List.of(
            "0",
            "1",
            "80",
            "65536",
            "00",
            "-1",
            "1.5",
            "1e3",
            "999999999999999999",
            "99999999999999999999",
            "64KiB",
            "1 MiB",
            "8EiB",
            "9223372036854775807",
            "9007199254740992TiB",
            "30s",
            "500ms",
            "0.000001ms",
            "1.1234567s",
            "5m",
            "5min",
            "999999999999h",
            "PT30S",
            "PT-1S",
            "P1D",
            "P106751991167300D",
            "PT0.000000001S",
            "-PT1S",
            "P",
            "40%",
            "0%",
            "101%",
            "100/s",
            "0.5/s",
            "true",
            "off",
            "YES",
            "auto",
            "none",
            "INFO",
            "debug",
            "uuid",
            "any",
            "drop_oldest",
            "refuse",
            "localhost",
            "::1",
            "127.0.0.1",
            "",
            " ",
            "*",
            "https://a.example, http://b.example:80",
            "null",
            "é",
            "\u0000");

    private static final String NOISE = "0123456789.-+eEkKmMgGiIbBsSh%/PT:,*&!|>'\"#{}[]?@` \t\né\u0000\u2028";

    private static final String FILE = """
            # Fanfare
            port: 9000
            flat-port: off
            history: 50
            history-bytes: 1 MiB
            heartbeat: "30s"   # as usual
            allowed-origins:
              - https://a.example
              - http://b.example:8080
            overflow: drop_newest
            log-level: 'WARN'
            """;

    @TempDir
    private Path folder;

    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final Random random = new Random(seed);

    SettingsFuzzTest() {
        System.out.println("SettingsFuzzTest: -Dfanfare.seed=" + seed);
    }

    @Test
    void everyValueIsTakenOrRefused() {
        values(5_000);
    }

    @Test
    void everyFileIsTakenOrRefused() throws IOException {
        files(1_000);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void everyValueAndFileIsTakenOrRefusedForLong() throws IOException {
        values(1_000_000);
        files(50_000);
    }

    private void values(int rounds) {
        int taken = 0;
        List<Setting<?>> settings = Setting.all();
        for (int i = 0; i < rounds; i++) {
            Setting<?> setting = settings.get(random.nextInt(settings.size()));
            String text = VALUES.get(random.nextInt(VALUES.size()));
            text = random.nextBoolean() ? damaged(text) : text;
            try {
                Settings read = Settings.of(Map.of(setting.name(), text));
                assertThat(read.source(setting).text()).isEqualTo(text);
                // What was taken has to be good for starting a server, but for contradictions between settings.
                taken++;
                read.config();
            } catch (SettingException refused) {
                assertThat(refused)
                        .as("seed %d, %s: %s", seed, setting, text)
                        .hasMessageContaining(setting.name().equals("memory") ? "memory" : setting.name());
            } catch (RuntimeException other) {
                throw new AssertionError("seed " + seed + ", " + setting + ": " + text, other);
            }
        }
        assertThat(taken).as("seed %d", seed).isGreaterThan(rounds / 20);
    }

    private void files(int rounds) throws IOException {
        Path file = folder.resolve("fanfare.yaml");
        int taken = 0;
        for (int i = 0; i < rounds; i++) {
            byte[] text = file().getBytes(StandardCharsets.UTF_8);
            if (random.nextInt(20) == 0) {
                text[random.nextInt(text.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, text);
            try {
                Settings.resolve(file, Map.of(), Map.of());
                taken++;
            } catch (SettingException refused) {
                assertThat(refused)
                        .as("seed %d: %s", seed, new String(text, StandardCharsets.UTF_8))
                        .hasMessageContaining("fanfare.yaml");
            } catch (RuntimeException other) {
                throw new AssertionError("seed " + seed + ": " + new String(text, StandardCharsets.UTF_8), other);
            }
        }
        assertThat(taken).as("seed %d", seed).isBetween(rounds / 20, rounds * 19 / 20);
    }

    /// The file with lines left out, doubled, indented or damaged.
    private String file() {
        StringBuilder text = new StringBuilder();
        for (String line : FILE.lines().toList()) {
            switch (random.nextInt(40)) {
                case 0 -> {}
                case 1 -> text.append(line).append('\n').append(line).append('\n');
                case 2 -> text.append("  ").append(line).append('\n');
                case 3 -> text.append(damaged(line)).append('\n');
                case 4 -> text.append(line).append('\n').append("---\n");
                default -> text.append(line).append('\n');
            }
        }
        return text.isEmpty() ? "\n" : text.toString();
    }

    private String damaged(String of) {
        StringBuilder text = new StringBuilder(of);
        for (int changes = 1 + random.nextInt(2); changes > 0; changes--) {
            int at = random.nextInt(text.length() + 1);
            char noise = NOISE.charAt(random.nextInt(NOISE.length()));
            if (at == text.length() || random.nextBoolean()) {
                text.insert(at, noise);
            } else if (random.nextBoolean()) {
                text.setCharAt(at, noise);
            } else {
                text.deleteCharAt(at);
            }
        }
        return text.toString();
    }
}
