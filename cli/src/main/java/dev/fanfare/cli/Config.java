package dev.fanfare.cli;

import dev.fanfare.server.Setting;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.Settings;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `fanfare config`: looks at settings before a server is started with them, and has a server that runs take them anew.
@Command(
        name = "config",
        description = "Checks and shows settings, and has a server that runs take them anew.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Config implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    private Config() {}

    /// The command with its own commands.
    static CommandSpec command() {
        return CommandSpec.forAnnotatedObject(new Config())
                .addSubcommand("check", SettingOptions.addTo(CommandSpec.forAnnotatedObject(new Check())))
                .addSubcommand("show", SettingOptions.addTo(CommandSpec.forAnnotatedObject(new Show())))
                .addSubcommand("reload", CommandSpec.forAnnotatedObject(new Reload()));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }

    /// Reads the settings of a command.
    ///
    /// @return null when something in them is wrong, which has been told
    private static @Nullable Settings read(CommandSpec spec) {
        try {
            Settings settings = SettingOptions.of(spec).get();
            settings.config();
            settings.warnings().forEach(warning -> Main.complain(spec, warning));
            return settings;
        } catch (SettingException wrong) {
            Main.complain(spec, String.valueOf(wrong.getMessage()));
            return null;
        }
    }

    @Command(
            name = "check",
            description = {
                "Says whether a server would start with these settings: the file, the environment and the options given"
                        + " here, as serve would read them. Exits with 0 if so, with 2 if not."
            },
            mixinStandardHelpOptions = true)
    private static final class Check implements Callable<Integer> {

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
        private CommandSpec spec;

        @Override
        public Integer call() {
            Settings settings = read(spec);
            if (settings == null) {
                return Main.WRONG_USE;
            }
            long set = Setting.all().stream()
                    .filter(setting -> !settings.source(setting).origin().equals("default"))
                    .count();
            System.out.println("These settings are good: " + set + " set, "
                    + (Setting.all().size() - set) + " at their default.");
            return Main.OK;
        }
    }

    @Command(
            name = "show",
            description = "Prints every setting with its value and where that came from.",
            mixinStandardHelpOptions = true)
    private static final class Show implements Callable<Integer> {

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
        private CommandSpec spec;

        @Option(names = "--set", description = "Only those that are not at their default.")
        private boolean onlySet;

        @Option(names = "--json", description = "As JSON, one object per line.")
        private boolean json;

        @Override
        public Integer call() {
            Settings settings = read(spec);
            if (settings == null) {
                return Main.WRONG_USE;
            }
            for (Setting<?> setting : Setting.all()) {
                Settings.Source source = settings.source(setting);
                if (onlySet && source.origin().equals("default")) {
                    continue;
                }
                System.out.println(
                        json
                                ? line(setting, source)
                                : String.format(
                                        "%-28s %-24s %s",
                                        setting.name(), setting.shown(source.text()), source.origin()));
            }
            return Main.OK;
        }

        private static String line(Setting<?> setting, Settings.Source source) {
            StringWriter line = new StringWriter();
            try (JsonGenerator out = new JsonFactory().createGenerator(ObjectWriteContext.empty(), line)) {
                out.writeStartObject();
                out.writeStringProperty("name", setting.name());
                out.writeStringProperty("value", setting.shown(source.text()));
                out.writeStringProperty("origin", source.origin());
                out.writeBooleanProperty("live", setting.isLive());
                out.writeEndObject();
            }
            return line.toString();
        }
    }

    @Command(
            name = "reload",
            description = {
                "Has a server read its settings anew: its file, as it is now. What can change while it runs is taken, all of"
                        + " it or nothing, and what needs a restart is told. SIGHUP does the same. Exits with 0 when they"
                        + " were taken, with 1 when not."
            },
            mixinStandardHelpOptions = true)
    private static final class Reload implements Callable<Integer> {

        @Mixin
        private final Remote remote = new Remote();

        @Option(names = "--json", description = "The server's answer as it came.")
        private boolean json;

        @Override
        public Integer call() throws InterruptedException {
            tell(remote.text("POST", "/config/reload", ""));
            return Main.OK;
        }

        private void tell(String body) {
            if (json) {
                System.out.println(body);
                return;
            }
            JsonNode answer = JsonMapper.shared().readTree(body);
            for (JsonNode change : answer.path("changed")) {
                System.out.println(line(change));
            }
            for (JsonNode change : answer.path("needs_restart")) {
                System.out.println(line(change) + " needs a restart");
            }
            if (answer.path("changed").isEmpty() && answer.path("needs_restart").isEmpty()) {
                System.out.println("Nothing has changed.");
            }
        }

        private static String line(JsonNode change) {
            return change.path("name").stringValue("") + ": "
                    + change.path("before").stringValue("") + " -> "
                    + change.path("after").stringValue("") + " ("
                    + change.path("origin").stringValue("") + ")";
        }
    }
}
