package dev.fanfare.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a device holds of the files of a folder, from the system calls of the process that writes them: of
/// each file, up to where `fsync` or `fdatasync` has made it safe; of each folder, which names were made,
/// moved and removed since it was synced.
///
/// When the power goes, each folder keeps the first so many of these changes, perhaps none: a file system
/// with a journal keeps them in their order, but of each folder as many as it likes. That a file was synced
/// does not make its name safe. Of what was not synced of a file, the end is gone from anywhere on, and pages
/// of the rest may never have been written: they are zeros. What `sync_file_range` asks for counts for
/// nothing.
///
/// Not modelled: sectors that are torn, a device that says it has synced and has not, a file system without a
/// journal.
final class UnsyncedDevice {

    private static final int PAGE = 4096;

    /// A file, whatever it is called.
    private static final class Content {
        private byte[] bytes;
        private int size;
        private int synced;

        Content(byte[] synced) {
            this.bytes = synced;
            this.size = synced.length;
            this.synced = synced.length;
        }

        void write(long at, byte[] what, int length) {
            int end = Math.toIntExact(at + length);
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
            }
            System.arraycopy(what, 0, bytes, (int) at, length);
            size = Math.max(size, end);
            synced = (int) Math.min(synced, at);
        }

        void cut(long length) {
            size = (int) length;
            bytes = Arrays.copyOf(bytes, size);
            synced = Math.min(synced, size);
        }

        byte[] all() {
            return Arrays.copyOf(bytes, size);
        }

        /// What is left of it.
        byte[] torn(Random random) {
            int end = switch (random.nextInt(3)) {
                case 0 -> synced;
                case 1 -> size;
                default -> synced + random.nextInt(size - synced + 1);
            };
            byte[] left = Arrays.copyOf(bytes, end);
            for (int page = synced / PAGE * PAGE; page < end; page += PAGE) {
                if (random.nextInt(8) == 0) {
                    Arrays.fill(left, Math.max(page, synced), Math.min(page + PAGE, end), (byte) 0);
                }
            }
            return left;
        }
    }

    /// Which names there are.
    private record Names(TreeMap<String, Content> files, TreeSet<String> folders) {
        Names() {
            this(new TreeMap<>(), new TreeSet<>());
        }

        Names copy() {
            return new Names(new TreeMap<>(files), new TreeSet<>(folders));
        }
    }

    /// A change of names in a folder.
    private interface Change {
        void to(Names names);
    }

    /// What is being synced.
    private record Syncing(String file, int size, int changes) {}

    private final String root;
    private final Names now = new Names();
    private final Names safe = new Names();
    private final Map<String, List<Change>> unsynced = new HashMap<>();
    private final Map<String, Syncing> syncing = new HashMap<>();

    /// @param begun what is in the folder at first, all of it safe
    /// @param root the folder, as the process calls it
    UnsyncedDevice(Path begun, Path root) throws IOException {
        this.root = root.toString();
        try (Stream<Path> files = Files.walk(begun)) {
            for (Path file : files.toList()) {
                String name = root.resolve(begun.relativize(file).toString()).toString();
                if (Files.isDirectory(file)) {
                    now.folders.add(name);
                } else {
                    now.files.put(name, new Content(Files.readAllBytes(file)));
                }
            }
        }
        safe.files.putAll(now.files);
        safe.folders.addAll(now.folders);
    }

    private boolean isIn(String file) {
        return file.startsWith(root + "/");
    }

    private static String folderOf(String file) {
        return file.substring(0, file.lastIndexOf('/'));
    }

    private void change(String file, Change change) {
        change.to(now);
        unsynced.computeIfAbsent(folderOf(file), _ -> new ArrayList<>()).add(change);
    }

    private Content content(String file) {
        Content content = now.files.get(file);
        if (content == null) {
            throw new AssertionError("there is no " + file);
        }
        return content;
    }

    /// A call was made. Those that failed change nothing.
    void apply(SystemCalls.Call call) {
        SystemCalls.Arguments arguments = call.arguments();
        if (!call.ended()) {
            beginSync(call.thread(), arguments.file());
        } else if (call.result() >= 0) {
            switch (call.name()) {
                case "fsync", "fdatasync" -> endSync(call.thread());
                case "openat" -> open(arguments);
                case "write" -> write(arguments.file(), -1, arguments, call.result());
                case "pwrite64" -> write(arguments.file(), arguments.last(), arguments, call.result());
                case "copy_file_range" -> copy(arguments.file(0), arguments.file(1), call.result());
                case "ftruncate" ->
                    inside(arguments.file(), file -> content(file).cut(arguments.last()));
                case "rename" -> rename(arguments.name(0), arguments.name(1));
                case "unlink" -> inside(arguments.name(0), file -> change(file, names -> names.files.remove(file)));
                case "mkdir" -> inside(arguments.name(0), file -> change(file, names -> names.folders.add(file)));
                case "rmdir" -> inside(arguments.name(0), file -> change(file, names -> names.folders.remove(file)));
                case "sync_file_range" -> {}
                case "fallocate" ->
                    inside(arguments.file(), file -> {
                        if (!arguments.has("KEEP_SIZE")) {
                            throw new AssertionError(file + " grows by fallocate");
                        }
                    });
                default -> {
                    if (arguments.has(root + "/")) {
                        throw new AssertionError("this call is not known here: " + call);
                    }
                }
            }
        }
    }

    private void inside(String file, Consumer<String> what) {
        if (isIn(file)) {
            what.accept(file);
        }
    }

    private void open(SystemCalls.Arguments arguments) {
        String file = arguments.name(0);
        if (!isIn(file) || !arguments.has("O_CREAT") && !arguments.has("O_TRUNC")) {
            return;
        }
        if (!now.files.containsKey(file)) {
            Content fresh = new Content(new byte[0]);
            change(file, names -> names.files.put(file, fresh));
        } else if (arguments.has("O_TRUNC")) {
            content(file).cut(0);
        }
    }

    /// @param at where to; -1: at the end
    private void write(String file, long at, SystemCalls.Arguments arguments, long length) {
        if (isIn(file)) {
            Content content = content(file);
            content.write(at < 0 ? content.size : at, arguments.quoted(0), (int) length);
        }
    }

    private void copy(String from, String to, long length) {
        if (isIn(to)) {
            Content target = content(to);
            byte[] bytes = Arrays.copyOfRange(content(from).bytes, target.size, (int) (target.size + length));
            target.write(target.size, bytes, bytes.length);
        }
    }

    private void rename(String from, String to) {
        if (isIn(from) && isIn(to)) {
            Content moved = content(from);
            change(to, names -> {
                names.files.remove(from);
                names.files.put(to, moved);
            });
        }
    }

    private void beginSync(String thread, String file) {
        if (isIn(file) || file.equals(root)) {
            Content content = now.files.get(file);
            int size = content == null ? 0 : content.size;
            syncing.put(
                    thread,
                    new Syncing(
                            file, size, unsynced.getOrDefault(file, List.of()).size()));
        }
    }

    private void endSync(String thread) {
        Syncing done = syncing.remove(thread);
        if (done == null) {
            return;
        }
        Content content = now.files.get(done.file());
        if (content != null) {
            content.synced = Math.max(content.synced, Math.min(done.size(), content.size));
            return;
        }
        List<Change> changes = unsynced.computeIfAbsent(done.file(), _ -> new ArrayList<>());
        List<Change> synced = changes.subList(0, Math.min(done.changes(), changes.size()));
        synced.forEach(change -> change.to(safe));
        synced.clear();
    }

    /// How much would be gone now: bytes of files, and changes of names.
    long atRisk() {
        long changes = unsynced.values().stream().mapToLong(List::size).sum();
        return changes
                + now.files.values().stream()
                        .mapToLong(content -> content.size - content.synced)
                        .sum();
    }

    /// The power goes: writes what is left to another folder.
    void lose(Path target, Random random) throws IOException {
        Names left = safe.copy();
        for (List<Change> changes : unsynced.values()) {
            int kept = switch (random.nextInt(3)) {
                case 0 -> 0;
                case 1 -> changes.size();
                default -> random.nextInt(changes.size() + 1);
            };
            changes.subList(0, kept).forEach(change -> change.to(left));
        }
        for (String folder : left.folders) {
            if (isThere(folder, left)) {
                Files.createDirectories(target.resolve(relative(folder)));
            }
        }
        for (Map.Entry<String, Content> file : left.files.entrySet()) {
            if (isThere(folderOf(file.getKey()), left)) {
                Files.write(
                        target.resolve(relative(file.getKey())), file.getValue().torn(random));
            }
        }
    }

    private boolean isThere(String folder, Names names) {
        return folder.equals(root) || names.folders.contains(folder) && isThere(folderOf(folder), names);
    }

    private String relative(String file) {
        return file.equals(root) ? "" : file.substring(root.length() + 1);
    }

    /// What differs from what is there, of all that was written: nothing, if every call was understood.
    @Nullable
    String difference() throws IOException {
        Map<String, Content> missing = new TreeMap<>(now.files);
        try (Stream<Path> files = Files.walk(Path.of(root))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Content known = missing.remove(file.toString());
                if (known == null || !Arrays.equals(known.all(), Files.readAllBytes(file))) {
                    return file + (known == null ? " is not known" : " holds something else");
                }
            }
        }
        return missing.isEmpty() ? null : missing.keySet() + " are not there";
    }
}
