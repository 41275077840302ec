package dev.fanfare.cli;

import dev.fanfare.server.Setting;
import dev.fanfare.server.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// An option for every setting, and `--config` for the file: of the commands that run a server or look at what one
/// would run with.
final class SettingOptions {

    private static final String CONFIG = "--config";

    private SettingOptions() {}

    /// The command with these options.
    static CommandSpec addTo(CommandSpec command) {
        command.addOption(OptionSpec.builder(CONFIG)
                .paramLabel("FILE")
                .description("A YAML file of settings. Default: $FANFARE_CONFIG, if set.")
                .type(Path.class)
                .build());
        for (Setting<?> setting : Setting.all()) {
            // Percent signs would be taken for format specifiers.
            String description =
                    (setting.description().replace("`", "") + " Default: " + setting.defaultText()).replace("%", "%%");
            OptionSpec.Builder option = OptionSpec.builder("--" + setting.name())
                    .paramLabel(setting.name().toUpperCase(Locale.ROOT).replace('-', '_'))
                    .description(description)
                    .type(String.class);
            command.addOption(
                    setting.isSwitch()
                            ? option.arity("0..1").fallbackValue("true").build()
                            : option.build());
        }
        return command;
    }

    /// Reads the settings of a command that was given: what its options say each time, and what the environment and the
    /// file say then.
    ///
    /// @return throws [dev.fanfare.server.SettingException] when something in them is wrong
    static Supplier<Settings> of(CommandSpec command) {
        Map<String, String> environment = System.getenv();
        Map<String, String> flags = flags(command);
        Path file = configFile(command, environment);
        return () -> Settings.resolve(file, environment, flags);
    }

    private static @Nullable Path configFile(CommandSpec command, Map<String, String> environment) {
        String variable = environment.getOrDefault("FANFARE_CONFIG", "");
        return command.findOption(CONFIG).getValue() instanceof Path given
                ? given
                : variable.isBlank() ? null : Path.of(variable);
    }

    private static Map<String, String> flags(CommandSpec command) {
        Map<String, String> given = new LinkedHashMap<>();
        Map<String, OptionSpec> options = new HashMap<>(command.optionsMap());
        for (Setting<?> setting : Setting.all()) {
            OptionSpec option = options.get("--" + setting.name());
            if (option != null && option.getValue() instanceof String text) {
                given.put(setting.name(), text);
            }
        }
        return given;
    }
}
