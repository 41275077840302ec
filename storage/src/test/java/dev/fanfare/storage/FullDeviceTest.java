package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A device that takes no more, in another process: nothing is lost, and it goes on when there is room.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FullDeviceTest {

    @TempDir
    private Path temporary;

    @Test
    void aFullFileSystemLosesNothing() throws IOException, InterruptedException {
        Path folder = Files.createDirectory(temporary.resolve("device"));
        if (FullDevice.mountsFileSystems(folder)) {
            goesOn(FullDevice.onSmallFileSystem(folder), "full FULL ");
        } else {
            System.out.println("No file system can be mounted here: files that may not grow stand for a full one");
            goesOn(FullDevice.withSmallFiles(folder), "full ");
        }
    }

    @Test
    void aFileThatMayNotGrowLosesNothing() throws IOException, InterruptedException {
        goesOn(FullDevice.withSmallFiles(Files.createDirectory(temporary.resolve("bounded"))), "full ");
    }

    private static void goesOn(Process process, String begin) throws IOException, InterruptedException {
        List<String> said = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", said).isZero();
        assertThat(said).hasSize(2);
        assertThat(said.getFirst()).startsWith(begin);
        long acknowledged = Long.parseLong(said.getFirst().replaceFirst(".* ", ""));
        long kept = Long.parseLong(said.getLast().replaceFirst("kept ", ""));
        assertThat(acknowledged).isGreaterThan(1_000);
        assertThat(kept).isBetween(acknowledged + 10, acknowledged + 20);
    }

    @Test
    void aBrokerRefusesToStoreMoreAndDoesAllTheRest() throws IOException, InterruptedException {
        Path folder = Files.createDirectory(temporary.resolve("broker"));
        Process process = FullDevice.mountsFileSystems(folder)
                ? FullBroker.onSmallFileSystem(folder)
                : FullBroker.withSmallFolder(folder);
        List<String> said = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", said).isZero();
        assertThat(said).hasSize(2);
        assertThat(said.getFirst())
                .startsWith("refused BACKPRESSURE: the device of the store /")
                .endsWith("is full: free some space, or shorten the history of topics; nothing was published");
        assertThat(Long.parseLong(said.getLast().replaceFirst("kept ", ""))).isGreaterThan(200);
    }
}
