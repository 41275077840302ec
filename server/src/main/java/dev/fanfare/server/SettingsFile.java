package dev.fanfare.server;

import dev.fanfare.protocol.JsonBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/// Reads a YAML file of settings: one mapping from names to values, a list being the same as its entries separated by
/// commas. Values are taken as they are written, so that `0800` is not a number in octal and `off` not a truth value.
final class SettingsFile {

    private static final int STRUCTURE_DEPTH = 4;
    private static final Set<Setting<?>> STRUCTURES = Set.of(Setting.ROUTES, AlertSettings.ALERTS);

    private final Path file;
    private final JsonParser yaml;
    private final Map<Setting<?>, Settings.Source> sources = new LinkedHashMap<>();

    private SettingsFile(Path file, JsonParser yaml) {
        this.file = file;
        this.yaml = yaml;
    }

    /// What the file sets.
    ///
    /// @throws SettingException when it can't be read or says something that is not a setting
    static Map<Setting<?>, Settings.Source> read(Path file) {
        try (JsonParser yaml = new YAMLFactory().createParser(ObjectReadContext.empty(), Files.readString(file))) {
            SettingsFile reading = new SettingsFile(file, yaml);
            reading.mapping();
            return reading.sources;
        } catch (NoSuchFileException missing) {
            throw new SettingException("the configuration file " + file + " does not exist");
        } catch (IOException unreadable) {
            throw new SettingException("the configuration file " + file + " can't be read: " + unreadable.getMessage());
        } catch (JacksonException notYaml) {
            throw new SettingException("the configuration file " + file + " is not YAML: line "
                    + notYaml.getLocation().getLineNr() + ": " + firstLine(notYaml.getOriginalMessage()));
        }
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private void mapping() {
        JsonToken first = yaml.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return; // an empty file, or one of comments only
        }
        if (first != JsonToken.START_OBJECT) {
            throw new SettingException(where() + ": expected lines of 'setting: value'");
        }
        while (yaml.nextToken() == JsonToken.PROPERTY_NAME) {
            String where = where();
            Setting<?> setting = Settings.known(yaml.currentName(), where);
            String text = value(setting, where);
            if (sources.put(setting, new Settings.Source(text, where)) != null) {
                throw new SettingException("setting " + setting + " is set twice (" + where + ")");
            }
        }
        if (yaml.nextToken() != null) {
            throw new SettingException(where() + ": expected one document of 'setting: value' lines");
        }
    }

    private String value(Setting<?> setting, String where) {
        JsonToken token = yaml.nextToken();
        if (STRUCTURES.contains(setting) && (token == JsonToken.START_ARRAY || token == JsonToken.START_OBJECT)) {
            JsonBytes json = new JsonBytes();
            structure(json, setting, token, where, 0);
            return new String(json.array(), 0, json.length(), StandardCharsets.UTF_8);
        }
        if (token != JsonToken.START_ARRAY) {
            return scalar(setting, token, where);
        }
        List<String> entries = new ArrayList<>();
        for (JsonToken entry = yaml.nextToken(); entry != JsonToken.END_ARRAY; entry = yaml.nextToken()) {
            entries.add(scalar(setting, entry, where));
        }
        return String.join(",", entries);
    }

    /// Writes a value as JSON, with every scalar as the text that it was written as.
    private void structure(JsonBytes json, Setting<?> setting, JsonToken token, String where, int depth) {
        if (depth > STRUCTURE_DEPTH) {
            throw new SettingException("setting " + setting + " (" + where() + ") is nested too deep");
        }
        String separator = "";
        if (token == JsonToken.START_ARRAY) {
            json.raw("[");
            for (JsonToken entry = yaml.nextToken(); entry != JsonToken.END_ARRAY; entry = yaml.nextToken()) {
                json.raw(separator);
                structure(json, setting, entry, where, depth + 1);
                separator = ",";
            }
            json.raw("]");
        } else if (token == JsonToken.START_OBJECT) {
            json.raw("{");
            while (yaml.nextToken() == JsonToken.PROPERTY_NAME) {
                json.raw(separator).string(yaml.currentName()).raw(":");
                structure(json, setting, yaml.nextToken(), where, depth + 1);
                separator = ",";
            }
            json.raw("}");
        } else {
            json.string(scalar(setting, token, where));
        }
    }

    private String scalar(Setting<?> setting, JsonToken token, String where) {
        if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
            throw new SettingException(
                    "setting " + setting + " (" + where + ") has no value; allowed is " + setting.allowed());
        }
        return yaml.getString();
    }

    private String where() {
        return file + ", line " + yaml.currentTokenLocation().getLineNr();
    }
}
