package dev.fanfare.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A process that writes messages, unsynced, and says how many it has written, until it is killed.
final class WriterProcess {

    private WriterProcess() {}

    static Process start(Path folder) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new ProcessBuilder(List.of(
                        java.toString(),
                        "-Xmx64m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WriterProcess.class.getName(),
                        folder.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /// Writes until it is killed.
    ///
    /// @param arguments the folder
    public static void main(String[] arguments) {
        RocksStore store = RocksStore.open(Path.of(arguments[0]), Stores.SMALL);
        for (long number = 0; number < 1_000_000; number++) {
            if (number % 100 == 0) {
                System.out.println(number);
                System.out.flush();
            }
            Stores.put(store, number, 500);
        }
    }
}
