package dev.fanfare.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was found damaged since the store was opened, and the folder where damaged files are put aside. Any thread.
final class Damages {

    /// More are only logged.
    private static final int MOST = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Damages.class);
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Path store;
    private final List<Damage> list = new ArrayList<>();
    private Consumer<String> told = _ -> {};

    Damages(Path store) {
        this.store = store;
    }

    /// Notes and logs one; the same one only once.
    synchronized void add(Damage damage) {
        boolean known = list.stream().anyMatch(old -> old.toString().equals(damage.toString()));
        if (!known) {
            LOG.error("damage in the store {}: {}", store, damage);
            if (list.size() < MOST) {
                list.add(damage);
            }
            told.accept(damage.toString());
        }
    }

    /// Has what was found told, and what will be. Under the lock, so that nothing is told twice: whoever is told
    /// calls nothing here.
    synchronized void tell(Consumer<String> whom) {
        told = whom;
        list.forEach(damage -> whom.accept(damage.toString()));
    }

    synchronized List<Damage> list() {
        return List.copyOf(list);
    }

    /// Copies files aside.
    ///
    /// @return where they are, from the store's folder
    Path putAside(List<Path> files) throws IOException {
        Path aside = store.resolve("damaged").resolve(NAME.format(Instant.now()));
        for (int more = 2; Files.exists(aside); more++) {
            aside = aside.resolveSibling(NAME.format(Instant.now()) + "-" + more);
        }
        Files.createDirectories(aside);
        for (Path file : files) {
            Path copy = Files.copy(file, aside.resolve(file.getFileName()));
            Folder.force(copy);
        }
        Folder.force(aside);
        return store.relativize(aside);
    }
}
