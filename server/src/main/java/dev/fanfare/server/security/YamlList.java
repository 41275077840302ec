package dev.fanfare.server.security;

import dev.fanfare.server.SettingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/// A YAML file that is a list of flat mappings: names to texts, or to lists of texts. Read as it is written, with the
/// line of each entry for what is to be said of it.
final class YamlList {

    private static final long BYTES_MAX = 4 << 20;

    private final String what;
    private final Path file;
    private final JsonParser yaml;

    private YamlList(String what, Path file, JsonParser yaml) {
        this.what = what;
        this.file = file;
        this.yaml = yaml;
    }

    /// One entry.
    ///
    /// @param where the file and the line it begins at
    /// @param values by their names; a single text is a list of one
    record Entry(String where, Map<String, List<String>> values) {

        /// The one text of a name.
        ///
        /// @throws SettingException when there is none, or several
        String text(String name) {
            List<String> texts = values.getOrDefault(name, List.of());
            if (texts.size() != 1) {
                throw new SettingException(where + ": '" + name + "' is needed, with one value");
            }
            return texts.getFirst();
        }

        /// The texts of a name, at least one.
        ///
        /// @throws SettingException when there is none
        List<String> texts(String name) {
            List<String> texts = values.getOrDefault(name, List.of());
            if (texts.isEmpty()) {
                throw new SettingException(where + ": '" + name + "' is needed");
            }
            return texts;
        }

        /// Checks that nothing else is said.
        ///
        /// @throws SettingException when something is
        void only(List<String> names) {
            for (String name : values.keySet()) {
                if (!names.contains(name)) {
                    throw new SettingException(
                            where + ": unknown '" + name + "'; known are " + String.join(", ", names));
                }
            }
        }
    }

    /// Reads a file.
    ///
    /// @param what it is, for errors
    /// @throws SettingException when it can't be read or is something else
    static List<Entry> read(String what, Path file) {
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new SettingException("the " + what + " " + file + " is larger than " + BYTES_MAX + " bytes");
            }
            try (JsonParser yaml = new YAMLFactory().createParser(ObjectReadContext.empty(), Files.readString(file))) {
                return new YamlList(what, file, yaml).entries();
            }
        } catch (NoSuchFileException missing) {
            throw new SettingException("the " + what + " " + file + " does not exist");
        } catch (IOException unreadable) {
            throw new SettingException("the " + what + " " + file + " can't be read: " + unreadable.getMessage());
        } catch (JacksonException notYaml) {
            throw new SettingException("the " + what + " " + file + " is not YAML: line "
                    + notYaml.getLocation().getLineNr());
        }
    }

    private List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        JsonToken first = yaml.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return entries;
        }
        if (first != JsonToken.START_ARRAY) {
            throw new SettingException(where() + ": the " + what + " must be a list: lines that begin with '- '");
        }
        for (JsonToken token = yaml.nextToken(); token != JsonToken.END_ARRAY; token = yaml.nextToken()) {
            if (token != JsonToken.START_OBJECT) {
                throw new SettingException(where() + ": expected 'name: value'");
            }
            entries.add(entry());
        }
        if (yaml.nextToken() != null) {
            throw new SettingException(where() + ": expected one list");
        }
        return entries;
    }

    private Entry entry() {
        String where = where();
        Map<String, List<String>> values = new LinkedHashMap<>();
        while (yaml.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = yaml.currentName();
            if (values.put(name, texts()) != null) {
                throw new SettingException(where() + ": '" + name + "' is there twice");
            }
        }
        return new Entry(where, values);
    }

    private List<String> texts() {
        JsonToken token = yaml.nextToken();
        if (token != JsonToken.START_ARRAY) {
            return List.of(text(token));
        }
        List<String> texts = new ArrayList<>();
        for (JsonToken one = yaml.nextToken(); one != JsonToken.END_ARRAY; one = yaml.nextToken()) {
            texts.add(text(one));
        }
        return texts;
    }

    private String text(JsonToken token) {
        if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
            throw new SettingException(where() + ": expected a text, or a list of texts");
        }
        return yaml.getString();
    }

    private String where() {
        return file + ", line " + yaml.currentTokenLocation().getLineNr();
    }
}
