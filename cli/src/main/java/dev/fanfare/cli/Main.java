package dev.fanfare.cli;

import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The command line: `fanfare serve`, `pub`, `sub` and the others. Exit codes: 0 for success, 1 when something went
/// wrong, 2 when the arguments or settings are wrong.
public final class Main {

    /// Everything went well.
    static final int OK = 0;

    /// Something went wrong.
    static final int FAILED = 1;

    /// The arguments or settings are wrong.
    static final int WRONG_USE = 2;

    /// Each command by the name it has, in the order of the help.
    private static final Map<String, Supplier<CommandSpec>> COMMANDS = inOrder();

    private Main() {}

    /// Runs one command and ends the JVM with its exit code.
    public static void main(String[] args) {
        // Read when the first logger is made, which must come after this.
        System.setProperty("java.util.logging.manager", LogKeeper.class.getName());
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, System.err);
        System.exit(commands(args).execute(args));
    }

    /// All commands with their options, and how they answer errors.
    public static CommandLine commands() {
        return with(COMMANDS.keySet());
    }

    /// What these arguments ask for: one command where they name it, else all of them. Reading the options of a command
    /// takes longer than starting the JVM, and a start needs those of one.
    private static CommandLine commands(String[] args) {
        return args.length > 0 && COMMANDS.containsKey(args[0]) ? with(Set.of(args[0])) : commands();
    }

    private static CommandLine with(Set<String> names) {
        CommandLine commands = new CommandLine(QuickCommand.of(
                "fanfare",
                spec -> {
                    throw new ParameterException(spec.commandLine(), "A command is missing");
                },
                "Publish/subscribe for the JVM and the browser."));
        COMMANDS.forEach((name, command) -> {
            if (names.contains(name)) {
                commands.addSubcommand(name, command.get());
            }
        });
        commands.setExecutionExceptionHandler((error, command, result) -> {
            complain(command.getCommandSpec(), String.valueOf(error.getMessage()));
            return FAILED;
        });
        commands.setParameterExceptionHandler((error, given) -> {
            complain(error.getCommandLine().getCommandSpec(), WrongUse.line(error));
            return WRONG_USE;
        });
        return commands;
    }

    private static Map<String, Supplier<CommandSpec>> inOrder() {
        var all = new LinkedHashMap<String, Supplier<CommandSpec>>();
        all.put("pub", of(Pub::new));
        all.put("sub", of(Sub::new));
        all.put("health", of(Health::new));
        all.put("topics", of(Topics::new));
        all.put("subscriptions", of(Subscriptions::new));
        all.put("top", of(Top::new));
        all.put("tap", of(Tap::new));
        all.put("trace", of(Trace::new));
        all.put("bench", of(Bench::new));
        all.put("completion", of(Completion::new));
        all.put("dead-letters", of(DeadLetters::new));
        all.put("storage", of(Storage::new));
        all.put("keys", of(Keys::new));
        all.put("demo", of(Demo::new));
        all.put("rehearse", of(Rehearsal::new));
        all.put("serve", Serve::command);
        all.put("config", Config::command);
        return all;
    }

    private static Supplier<CommandSpec> of(Supplier<Object> command) {
        return () -> CommandSpec.forAnnotatedObject(command.get());
    }

    /// Says on standard error what went wrong.
    static void complain(CommandSpec spec, String what) {
        System.err.println(spec.qualifiedName() + ": " + what);
    }

    /// What `--version` prints.
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"fanfare " + text()};
        }

        static String text() {
            String version = Main.class.getPackage().getImplementationVersion();
            return version == null ? "(unpackaged)" : version;
        }
    }
}
