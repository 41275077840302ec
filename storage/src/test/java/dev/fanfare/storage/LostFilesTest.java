package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Durability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The power goes at any system call of a process that writes, and takes with it whatever of any file and of
/// any folder was not synced: logs, tables, the list of tables, what names them. What the process had been
/// told to be safe is there. [UnsyncedDevice] says what is modelled.
class LostFilesTest {

    /// About a minute each.
    private static final int ROUNDS = 15;

    @TempDir
    private Path temporary;

    /// What the process has said before a moment. What it found when it began was opened, and is safe.
    private static final class Said {
        private long firstSafe;
        private long nextSafe;
        private long deleted;
        private long put;
        private final TreeSet<Long> ends = new TreeSet<>();

        void hear(SystemCalls.Call call) {
            if (!call.ended()
                    || !call.name().equals("write")
                    || !call.arguments().text().startsWith("1<")) {
                return;
            }
            String line = new String(call.arguments().quoted(0), StandardCharsets.UTF_8).strip();
            if (!line.startsWith(TracedWriter.SAYS)) {
                return;
            }
            String[] words = line.substring(TracedWriter.SAYS.length()).split(" ", -1);
            long number = Long.parseLong(words[1]);
            switch (words[0]) {
                case "begun" -> {
                    deleted = number;
                    put = Long.parseLong(words[2]);
                    ends.clear();
                    ends.add(put);
                    safe();
                }
                case "synced" -> safe();
                case "putting" -> {
                    put = number;
                    ends.add(number);
                }
                case "deleting" -> deleted = number;
                default -> throw new AssertionError(line);
            }
        }

        private void safe() {
            firstSafe = deleted;
            nextSafe = put;
        }
    }

    @Test
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void whatWasSyncedIsThereHoweverOftenThePowerGoes() throws Exception {
        assertThat(SystemCalls.canBeTraced()).as("strace 5.3 or newer").isTrue();
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        for (int round = 0; round < ROUNDS; round++) {
            lives(seed + round, 3, 250, 60);
        }
    }

    /// Each life begins with what the power has left of the one before.
    private void lives(long seed, int lives, int steps, int losses) throws Exception {
        System.out.println("seed " + seed + "; again with -Dfanfare.seed=" + seed + " -Dtest=LostFilesTest");
        Random random = new Random(seed);
        Path round = Files.createDirectory(temporary.toRealPath().resolve("round" + seed));
        Path library = Files.createDirectory(round.resolve("library"));
        TracedWriter.library(library);
        Path folder = Files.createDirectory(round.resolve("0"));
        Said said = new Said();
        for (int life = 1; life <= lives; life++) {
            UnsyncedDevice device = new UnsyncedDevice(folder, folder);
            List<SystemCalls.Call> calls = SystemCalls.of(
                    folder.resolveSibling("trace" + life),
                    TracedWriter.command(folder, library, random.nextLong(), steps));
            TreeSet<Integer> moments = new TreeSet<>();
            while (moments.size() < losses) {
                moments.add(random.nextInt(calls.size()));
            }
            List<Path> left = new ArrayList<>();
            long gone = 0;
            long begun = said.nextSafe;
            for (int at = 0; at < calls.size(); at++) {
                if (moments.contains(at)) {
                    Path copy = folder.resolveSibling(life + "-" + left.size());
                    Files.createDirectory(copy);
                    gone += device.atRisk();
                    device.lose(copy, random);
                    Crash.restartMachine(copy);
                    check(copy, said);
                    left.add(copy);
                }
                device.apply(calls.get(at));
                said.hear(calls.get(at));
            }
            assertThat(device.difference()).isNull();
            assertThat(gone).as("what the power took").isPositive();
            assertThat(said.nextSafe).as("synced").isGreaterThan(begun);
            if (life == 1) {
                aDeviceThatLiesIsNoticed(folder, calls, said);
            }
            folder = folder.resolveSibling("end" + life);
            Files.createDirectory(folder);
            device.lose(folder, random);
            Crash.restartMachine(folder);
        }
    }

    /// One that says it has synced and has not.
    private static void aDeviceThatLiesIsNoticed(Path folder, List<SystemCalls.Call> calls, Said said)
            throws IOException {
        Path nothing = Files.createDirectory(folder.resolveSibling("nothing"));
        UnsyncedDevice device = new UnsyncedDevice(nothing, folder);
        calls.stream().filter(call -> !call.name().endsWith("sync")).forEach(device::apply);
        Path copy = Files.createDirectory(folder.resolveSibling("lied"));
        device.lose(copy, new Random() {
            @Override
            public int nextInt(int bound) {
                return 0;
            }
        });
        Crash.restartMachine(copy);
        assertThatThrownBy(() -> check(copy, said)).isInstanceOf(AssertionError.class);
    }

    private static void check(Path copy, Said said) throws IOException {
        try (RocksStore store = RocksStore.open(copy, TracedWriter.OPTIONS)) {
            List<Long> found = TracedWriter.numbers(store);
            long first = found.isEmpty() ? 0 : found.getFirst();
            long next = found.isEmpty() ? 0 : found.getLast() + 1;
            assertThat(found)
                    .as("in " + copy)
                    .containsExactlyElementsOf(
                            LongStream.range(first, next).boxed().toList());
            if (found.isEmpty()) {
                assertThat(said.nextSafe).as("what should be in " + copy).isZero();
            } else {
                assertThat(first).isBetween(said.firstSafe, said.deleted);
                assertThat(next).isBetween(said.nextSafe, said.put);
                assertThat(said.ends).contains(next);
            }
            assertThat(store.damages())
                    .allSatisfy(damage -> assertThat(damage.what()).contains("the power was lost"));
            assertThat(store.lacking()).isNotEqualTo(Durability.SYNCED);
        }
    }
}
