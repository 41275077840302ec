package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// The file of API keys: a YAML list that holds of each key its name, its role, the hash of its secret and when it was
/// made. It is written as a whole beside itself and moved into its place, so that nobody reads a half.
public final class KeyFile {

    /// What a name or a role may be.
    public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}");

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final List<String> MEMBERS = List.of("name", "role", "sha256", "created");
    private static final String HEAD =
            "# API keys of Fanfare, made by `fanfare keys`: secrets are not in here, only their hashes.\n";

    private final Path file;

    /// @param file which need not be there yet
    public KeyFile(Path file) {
        this.file = file;
    }

    /// What it holds.
    ///
    /// @throws SettingException when it can't be read, or something in it is wrong
    public List<Key> read() {
        List<Key> keys = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (YamlList.Entry entry : YamlList.read("file of keys", file)) {
            entry.only(MEMBERS);
            Key key = new Key(
                    matching(entry, "name", NAME, "letters, digits, '_', '.', '@' and '-'"),
                    matching(entry, "role", NAME, "letters, digits, '_', '.', '@' and '-'"),
                    matching(entry, "sha256", SHA256, "64 hexadecimal digits"),
                    created(entry));
            if (!names.add(key.name())) {
                throw new SettingException(entry.where() + ": a second key '" + key.name() + "'");
            }
            keys.add(key);
        }
        return keys;
    }

    private static String matching(YamlList.Entry entry, String member, Pattern shape, String allowed) {
        String text = entry.text(member);
        if (!shape.matcher(text).matches()) {
            throw new SettingException(entry.where() + ": '" + member + "' must be " + allowed);
        }
        return text;
    }

    private static Instant created(YamlList.Entry entry) {
        try {
            return Instant.parse(entry.text("created"));
        } catch (DateTimeParseException e) {
            throw new SettingException(entry.where() + ": 'created' must be a time such as 2026-01-31T12:00:00Z");
        }
    }

    /// Adds a key; the file is made if it is not there.
    ///
    /// @return its secret, which is nowhere else
    /// @throws SettingException when there is a key of that name, a name is not allowed, or the file can't be
    ///     written
    public String create(String name, String role, Instant now) {
        check("name", name);
        check("role", role);
        List<Key> keys = Files.exists(file) ? read() : new ArrayList<>();
        if (keys.stream().anyMatch(key -> key.name().equals(name))) {
            throw new SettingException(
                    "there is a key '" + name + "' in " + file + " already: revoke it first, or use another name");
        }
        String secret = Key.newSecret();
        keys.add(new Key(name, role, Key.hash(secret), now));
        write(keys);
        return secret;
    }

    private static void check(String what, String text) {
        if (!NAME.matcher(text).matches()) {
            throw new SettingException("a key's " + what
                    + " has 1 to 100 letters, digits, '_', '.', '@' and '-', and begins with a letter or digit");
        }
    }

    /// Takes a key out.
    ///
    /// @throws SettingException when there is none of that name, or the file can't be written
    public void revoke(String name) {
        List<Key> keys = read();
        if (!keys.removeIf(key -> key.name().equals(name))) {
            throw new SettingException("there is no key '" + name + "' in " + file);
        }
        write(keys);
    }

    private void write(List<Key> keys) {
        StringBuilder text = new StringBuilder(HEAD);
        for (Key key : keys) {
            text.append("- name: \"").append(key.name());
            text.append("\"\n  role: \"").append(key.role());
            text.append("\"\n  sha256: \"").append(key.sha256());
            text.append("\"\n  created: \"").append(key.created()).append("\"\n");
        }
        Path target = file.toAbsolutePath();
        try {
            FileAttribute<?>[] mine =
                    target.getFileSystem().supportedFileAttributeViews().contains("posix")
                            ? new FileAttribute<?>[] {
                                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                            }
                            : new FileAttribute<?>[0];
            Path beside = Files.createTempFile(target.getParent(), ".keys", ".tmp", mine);
            try {
                Files.writeString(beside, text);
                Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(beside);
            }
        } catch (IOException e) {
            throw new SettingException("the file of keys " + file + " can't be written: " + e.getMessage());
        }
    }
}
