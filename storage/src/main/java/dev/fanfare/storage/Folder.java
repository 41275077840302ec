package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folder of a store: whose it is, what format it has, how it was left.
final class Folder implements AutoCloseable {

    /// The version of the layout and of what the tables hold. A higher one is refused; a lower one is migrated when it
    /// is opened.
    ///
    ///  1. the first one
    ///  2. has the table of topics that keep only the newest message of each key: [Families#since]
    static final int FORMAT = 2;

    private static final String FORMAT_NAME = "fanfare-storage ";
    static final String FORMAT_FILE = "FORMAT";
    private static final String FORMAT_BEGUN = "FORMAT.new";
    private static final String LACKING_FILE = "LACKING";
    static final String LOCK_FILE = "fanfare.lock";
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /// What may be in a folder that is no store yet.
    private static final Set<String> HARMLESS = Set.of(LOCK_FILE, "lost+found");

    /// Beyond what is written in the file, so that others can read that on every system.
    private static final long LOCKED_BYTE = 1L << 40;

    /// The folders this process has taken: file locks are between processes.
    private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Path real;
    private final FileChannel channel;
    private final FileLock lock;
    private final String boot;
    private final boolean sameBoot;

    private Folder(Path path, Path real, FileChannel channel, FileLock lock, String boot, boolean sameBoot) {
        this.path = path;
        this.real = real;
        this.channel = channel;
        this.lock = lock;
        this.boot = boot;
        this.sameBoot = sameBoot;
    }

    /// Takes a folder, which may be missing or empty: nobody else can until it is closed.
    static Folder take(Path path) {
        return take(path, "stop it, or use another folder");
    }

    /// @param advice what to do when another process uses it
    private static Folder take(Path path, String advice) {
        try {
            refuseStrangers(path);
            Files.createDirectories(path);
            return lock(path, advice);
        } catch (IOException e) {
            throw Failures.of("use " + path + " as a store", e);
        }
    }

    /// Takes a folder that has to hold a store.
    static Folder takeExisting(Path path) {
        if (!Files.exists(path.resolve(FORMAT_FILE))) {
            throw new StoreException(Reason.FAILED, path + " holds no store: there is no " + FORMAT_FILE + " in it");
        }
        return take(path);
    }

    /// Takes a folder to copy it, if it was ever used and can be: nobody changes it meanwhile.
    ///
    /// @return null when nobody can use it, or it never was
    static @Nullable Folder takeToCopy(Path path) {
        return Files.isWritable(path.resolve(LOCK_FILE))
                ? take(path, "stop it, or make a backup, which can be done while it is used, and restore that")
                : null;
    }

    private static void refuseStrangers(Path path) throws IOException {
        if (Files.exists(path.resolve(FORMAT_FILE)) || Files.exists(path.resolve(FORMAT_BEGUN))) {
            checkFormat(path);
            return;
        }
        if (!Files.exists(path)) {
            return;
        }
        if (!Files.isDirectory(path)) {
            throw new StoreException(Reason.FAILED, path + " is no folder");
        }
        try (Stream<Path> files = Files.list(path)) {
            List<String> strange = files.map(file -> file.getFileName().toString())
                    .filter(name -> !HARMLESS.contains(name))
                    .sorted()
                    .toList();
            if (!strange.isEmpty()) {
                throw new StoreException(
                        Reason.FAILED,
                        path + " is neither empty nor a store (there is " + strange.getFirst() + " in it, and no "
                                + FORMAT_FILE + "): nothing in it was touched; use another folder");
            }
        }
    }

    private static void checkFormat(Path path) throws IOException {
        if (!Files.exists(path.resolve(FORMAT_FILE))) {
            return;
        }
        int format = format(path);
        if (format > FORMAT) {
            throw new StoreException(
                    Reason.FAILED,
                    path + " was written by a newer version (format " + format + ", this one knows " + FORMAT
                            + "): start that version, or restore a backup made before the upgrade");
        }
    }

    /// The version that a folder says.
    private static int format(Path path) throws IOException {
        Path file = path.resolve(FORMAT_FILE);
        String text = Files.readString(file, StandardCharsets.UTF_8).strip();
        int format;
        try {
            format = text.startsWith(FORMAT_NAME) ? Integer.parseInt(text.substring(FORMAT_NAME.length())) : 0;
        } catch (NumberFormatException e) {
            format = 0;
        }
        if (format < 1) {
            throw new StoreException(Reason.CORRUPT, file + " is damaged: restore the store from a backup");
        }
        return format;
    }

    /// Nothing else may open the lock's file in this process: closing it would give up the lock, on some systems.
    private static Folder lock(Path path, String advice) throws IOException {
        Path real = path.toRealPath();
        if (!TAKEN.add(real)) {
            throw inUse(path, Long.toString(ProcessHandle.current().pid()), advice);
        }
        try {
            return lock(path, real, advice);
        } catch (IOException | RuntimeException e) {
            TAKEN.remove(real);
            throw e;
        }
    }

    private static Folder lock(Path path, Path real, String advice) throws IOException {
        FileChannel channel = FileChannel.open(
                path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
            List<String> owner = read(channel);
            if (lock == null) {
                throw inUse(path, owner.isEmpty() ? "unknown" : owner.getFirst(), advice);
            }
            String boot = boot();
            String before = owner.size() > 1 ? owner.get(1) : "";
            write(channel, before);
            return new Folder(path, real, channel, lock, boot, !boot.isEmpty() && before.equals(boot));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static StoreException inUse(Path path, String pid, String advice) {
        return new StoreException(Reason.FAILED, path + " is in use by process " + pid + ": " + advice);
    }

    /// Says whose the folder is, and in which run of the machine it was used last.
    private static void write(FileChannel channel, String boot) throws IOException {
        channel.truncate(0);
        channel.write(StandardCharsets.UTF_8.encode(ProcessHandle.current().pid() + "\n" + boot + "\n"), 0);
    }

    /// The lines of the lock's file.
    private static List<String> read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(256);
        channel.read(bytes, 0);
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString().lines().toList();
    }

    /// Tells this run of the machine from others; empty when the system does not say.
    private static String boot() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException e) {
            return "";
        }
    }

    Path path() {
        return path;
    }

    /// Where RocksDB is.
    Path database() {
        return path.resolve("db");
    }

    /// Whether the machine has run ever since the store was last used: what was written then is there, synced or not.
    boolean sameBoot() {
        return sameBoot;
    }

    /// From now on it is used in this run of the machine, and nothing has to be known any more of what it
    /// lacks.
    void settled() throws IOException {
        write(channel, boot);
        if (Files.deleteIfExists(path.resolve(LACKING_FILE))) {
            force(path);
        }
    }

    /// How safe what is missing had been: as it was marked, `MEMORY` when it was not.
    Durability lacking() throws IOException {
        Path file = path.resolve(LACKING_FILE);
        if (!Files.exists(file)) {
            return Durability.MEMORY;
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        return text.startsWith(Durability.WRITTEN.label()) ? Durability.WRITTEN : Durability.SYNCED;
    }

    /// Marks a store that lacks something, as a copy lacks what was stored after it was made.
    ///
    /// @param level how safe that had been
    static void markLacking(Path path, Durability level) throws IOException {
        Path file = path.resolve(LACKING_FILE);
        Files.writeString(
                file,
                level.label() + ": something this safe is missing; topics that are no safer begin new epochs when the"
                        + " store is opened\n");
        force(file);
        force(path);
    }

    /// Whether there is no store in it yet, or one that was never finished.
    boolean isNew() {
        return !Files.exists(path.resolve(FORMAT_FILE));
    }

    /// Begins a new store; what an earlier attempt has left is removed.
    void begin() throws IOException {
        Files.writeString(path.resolve(FORMAT_BEGUN), FORMAT_NAME + FORMAT + "\n");
        deleteAll(database());
        Files.createDirectories(database());
    }

    /// The new store is there.
    void begun() throws IOException {
        finish(path);
    }

    /// The version of a store that is there; not higher than [#FORMAT].
    int format() throws IOException {
        return format(path);
    }

    /// A store of an older version has become one of this.
    void migrated() throws IOException {
        finish(path);
    }

    /// Marks a folder as a store, as the last step of making it.
    static void finish(Path path) throws IOException {
        Path begun = path.resolve(FORMAT_BEGUN);
        Files.writeString(begun, FORMAT_NAME + FORMAT + "\n");
        force(begun);
        Files.move(begun, path.resolve(FORMAT_FILE), StandardCopyOption.ATOMIC_MOVE);
        force(path);
    }

    /// Makes a file or a folder survive the power.
    static void force(Path file) throws IOException {
        // A folder can be opened to read only, and on some systems not at all: there it need not be.
        if (Files.isDirectory(file)) {
            try (FileChannel folder = FileChannel.open(file)) {
                folder.force(true);
            } catch (IOException e) {
                return;
            }
            return;
        }
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
            open.force(true);
        }
    }

    /// Removes a folder and everything in it, if it is there.
    static void deleteAll(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() {
        try (channel) {
            lock.release();
        } catch (IOException e) {
            // The process gives it up when it ends.
            return;
        } finally {
            TAKEN.remove(real);
        }
    }
}
