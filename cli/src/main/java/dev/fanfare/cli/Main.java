package dev.fanfare.cli;

import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line: `fanfare serve`, `pub`, `sub` and the others. Exit codes: 0 for success, 1 when something went
/// wrong, 2 when the arguments or settings are wrong.
@Command(
        name = "fanfare",
        description = "Publish/subscribe for the JVM and the browser.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            Pub.class,
            Sub.class,
            Health.class,
            Topics.class,
            Subscriptions.class,
            Top.class,
            Tap.class,
            Trace.class,
            Bench.class,
            Completion.class,
            DeadLetters.class,
            Storage.class,
            Keys.class,
            Demo.class,
            Rehearsal.class
        })
public final class Main implements Runnable {

    /// Everything went well.
    static final int OK = 0;

    /// Something went wrong.
    static final int FAILED = 1;

    /// The arguments or settings are wrong.
    static final int WRONG_USE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    private Main() {}

    /// Runs one command and ends the JVM with its exit code.
    public static void main(String[] args) {
        // Read when the first logger is made, which must come after this.
        System.setProperty("java.util.logging.manager", LogKeeper.class.getName());
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, System.err);
        System.exit(commands().execute(args));
    }

    /// All commands with their options, and how they answer errors.
    public static CommandLine commands() {
        CommandLine commands = new CommandLine(new Main());
        commands.addSubcommand(Serve.command());
        commands.addSubcommand(Config.command());
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

    /// Says on standard error what went wrong.
    static void complain(CommandSpec spec, String what) {
        System.err.println(spec.qualifiedName() + ": " + what);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
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
