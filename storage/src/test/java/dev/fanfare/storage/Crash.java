package dev.fanfare.storage;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What crashes and bad devices do to a store's folder.
final class Crash {

    private Crash() {}

    /// A copy of the folder of a store that is in use: what is left when its process is killed.
    static Path kill(Path folder, Path copy) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Path target = copy.resolve(folder.relativize(file).toString());
                if (!Files.isDirectory(target)) {
                    Files.copy(file, target);
                }
            }
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Makes it look as if the machine had been started anew since.
    static void restartMachine(Path folder) {
        try {
            Files.writeString(folder.resolve("fanfare.lock"), "1\nanother boot\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The files of a store's database with a name that ends so, in the order of their numbers; empty ones left out.
    static List<Path> files(Path folder, String suffix) {
        try (Stream<Path> files = Files.list(folder.resolve("db"))) {
            return files.filter(file -> file.getFileName().toString().matches("\\d+" + suffix))
                    .filter(file -> size(file) > 0)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Changes one bit.
    static void flip(Path file, long at) {
        change(file, open -> {
            open.seek(at);
            int old = open.read();
            open.seek(at);
            open.write(old ^ 0x10);
        });
    }

    /// Overwrites with zeros, as a page that was never written out.
    static void erase(Path file, long at, int bytes) {
        change(file, open -> {
            open.seek(at);
            open.write(new byte[(int) Math.min(bytes, open.length() - at)]);
        });
    }

    /// As a file of which the folder knows nothing.
    static void remove(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Cuts off the end.
    static void truncate(Path file, long size) {
        change(file, open -> open.setLength(size));
    }

    private interface Change {
        void to(RandomAccessFile file) throws IOException;
    }

    private static void change(Path file, Change change) {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            change.to(open);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
