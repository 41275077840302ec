package dev.fanfare.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/// The command line: `fanfare serve`, `fanfare pub`, `fanfare sub`. Exit codes: 0 for success, 1 when something went
/// wrong, 2 when the arguments or settings are wrong.
@Command(
        name = "fanfare",
        description = "Publish/subscribe for the JVM and the browser.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
public final class Main {

    private Main() {}

    /// Runs one command and ends the JVM with its exit code.
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    /// What `--version` prints.
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"fanfare " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
