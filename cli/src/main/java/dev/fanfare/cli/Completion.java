package dev.fanfare.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare completion`: a script that makes a shell complete commands and options.
@Command(
        name = "completion",
        description = {
            "Prints a script that makes a shell complete the commands and options of fanfare, however it is called"
                    + " (./fanfare, a link, by PATH). For this shell, or in a file it reads at its start:",
            "",
            "  bash   source <(./fanfare completion bash)",
            "  zsh    source <(./fanfare completion zsh)"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Completion implements Callable<Integer> {

    /// What the launcher does by itself.
    private static final List<String> OF_THE_LAUNCHER = List.of("example", "test", "stress", "jmh");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private String shell = "";

    @Override
    public Integer call() {
        CommandLine commands = Main.commands();
        OF_THE_LAUNCHER.forEach(each -> commands.addSubcommand(each, CommandSpec.create()));
        String script = AutoComplete.bash("fanfare", commands);
        switch (shell) {
            case "bash" -> System.out.println(script);
            // The script is one for bash, which zsh reads once its own completion is there.
            case "zsh" -> System.out.println("autoload -U +X compinit && compinit\n" + script);
            default ->
                throw new ParameterException(spec.commandLine(), "SHELL must be bash or zsh, not '" + shell + "'");
        }
        return Main.OK;
    }
}
