package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.concurrent.TimeUnit;

/// A process that writes to a device until that takes no more, then makes room and goes on; it says what it
/// found. The device is a file system of a few MiB where the system lets anybody mount one, else a bound of
/// the size of files.
final class FullDevice {

    private static final StorageOptions OPTIONS = new StorageOptions(64 << 20, 64 << 20, 0);
    private static final int BATCH = 10;
    private static final int LENGTH = 1_000;

    private FullDevice() {}

    /// Starts it on a file system of its own.
    static Process onSmallFileSystem(Path folder) throws IOException {
        return onSmallFileSystem(FullDevice.class, 16 << 20, folder, "filler");
    }

    /// Starts a class on a file system of its own, mounted where no other process sees it.
    static Process onSmallFileSystem(Class<?> main, long bytes, Path folder, String how) throws IOException {
        String mount = "mount -t tmpfs -o size=" + bytes + " none \"$0\" && exec \"$@\"";
        return start(main, List.of("unshare", "-rm", "sh", "-c", mount, folder.toString()), folder, how);
    }

    /// Starts it with a bound of 2 MiB for each file.
    static Process withSmallFiles(Path folder) throws IOException {
        return start(FullDevice.class, List.of(), folder, "limit");
    }

    /// Whether a file system can be mounted by who is not asked.
    static boolean mountsFileSystems(Path folder) throws IOException, InterruptedException {
        try {
            Process tried = new ProcessBuilder(
                            "unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=1m none \"$0\"", folder.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return tried.waitFor(20, TimeUnit.SECONDS) && tried.exitValue() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    static Process start(Class<?> main, List<String> prefix, Path folder, String how) throws IOException {
        List<String> words = new ArrayList<>(prefix);
        words.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:-UsePerfData",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                folder.toString(),
                how));
        return new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /// Says `full REASON ACKNOWLEDGED` and at the end `kept COUNT`.
    ///
    /// @param arguments the folder, and how room is made there
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder = Path.of(arguments[0]);
        Path filler = folder.resolve("filler");
        boolean filled = arguments[1].equals("filler");
        if (filled) {
            Files.write(filler, new byte[10 << 20]);
        }
        long next = 0;
        try (RocksStore store = RocksStore.open(folder.resolve("store"), OPTIONS)) {
            if (!filled) {
                bound("2097152");
            }
            StoreException refused = null;
            while (refused == null) {
                try {
                    Stores.put(store, next, next + BATCH, LENGTH);
                    if (next % 100 == 0) {
                        store.sync();
                    }
                    next += BATCH;
                } catch (StoreException e) {
                    refused = e;
                }
            }
            System.out.println("full " + refused.reason() + " " + next);
            check(Stores.readable(store, next + 1_000), next);
            if (filled) {
                readOnAfterReopening(store, next);
                Files.delete(filler);
            } else {
                bound("unlimited");
            }
            store.reopen();
            NavigableSet<Long> found = Stores.readable(store, next + 1_000);
            check(found, next);
            next = found.size();
            Stores.put(store, next, next + BATCH, LENGTH);
            store.sync();
            next += BATCH;
        }
        try (RocksStore store = RocksStore.open(folder.resolve("store"), OPTIONS)) {
            NavigableSet<Long> found = Stores.readable(store, next + 1_000);
            check(found, next);
            if (!store.damages().isEmpty()) {
                throw new AssertionError(store.damages().toString());
            }
            System.out.println("kept " + found.size());
        }
    }

    /// What was written can be read although the store can't be opened again.
    private static void readOnAfterReopening(RocksStore store, long acknowledged) {
        try {
            store.reopen();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL) {
                throw e;
            }
            check(Stores.readable(store, acknowledged + 1_000), acknowledged);
            return;
        }
        throw new AssertionError("opened again on a full device");
    }

    /// Sets how large a file of this process may become.
    private static void bound(String bytes) throws IOException, InterruptedException {
        String pid = String.valueOf(ProcessHandle.current().pid());
        int code = new ProcessBuilder("prlimit", "--pid", pid, "--fsize=" + bytes + ":unlimited")
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new AssertionError("prlimit ended with " + code);
        }
    }

    /// What was acknowledged is there, and of what was refused all or nothing.
    private static void check(NavigableSet<Long> found, long acknowledged) {
        boolean whole = found.isEmpty() || found.last() == found.size() - 1;
        if (!whole || found.size() < acknowledged || found.size() % BATCH != 0) {
            throw new AssertionError("acknowledged " + acknowledged + ", found " + found.size() + ": " + found);
        }
    }
}
