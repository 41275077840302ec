package dev.fanfare.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// A command that is put together in code. Commands that are described by annotations read better, but the JVM makes a
/// class for each kind of annotation at each start, which a server's start should not wait for.
final class QuickCommand {

    /// What a command does.
    @FunctionalInterface
    interface Action {

        /// Runs the command.
        ///
        /// @param spec its options with their values
        /// @return its exit code
        int run(CommandSpec spec) throws Exception;
    }

    private QuickCommand() {}

    /// A command with the options `--help` and `--version`.
    ///
    /// @param description the lines that `--help` begins with
    static CommandSpec of(String name, Action action, String... description) {
        Running running = new Running(action);
        CommandSpec spec = CommandSpec.wrapWithoutInspection(running)
                .name(name)
                .versionProvider(new Main.Version())
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .type(boolean.class)
                        .description("Show this help message and exit.")
                        .build())
                .addOption(OptionSpec.builder("-V", "--version")
                        .versionHelp(true)
                        .type(boolean.class)
                        .description("Print version information and exit.")
                        .build());
        spec.usageMessage().description(description);
        running.spec = spec;
        return spec;
    }

    private static final class Running implements Callable<Integer> {

        private final Action action;

        @SuppressWarnings("NullAway.Init") // set before anybody else sees this
        private CommandSpec spec;

        Running(Action action) {
            this.action = action;
        }

        @Override
        public Integer call() throws Exception {
            return action.run(spec);
        }
    }
}
