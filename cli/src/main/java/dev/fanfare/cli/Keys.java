package dev.fanfare.cli;

import dev.fanfare.server.SettingException;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Key;
import dev.fanfare.server.security.KeyFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare keys`: makes, lists and revokes the API keys of a file. A server that uses it hears of it within 5 s.
@Command(
        name = "keys",
        description = {
            "Makes, lists and revokes API keys in a file, for fanfare serve --keys FILE.",
            "",
            "The file holds hashes, never a key itself. A running server notices a change within 5 seconds: a new key"
                    + " is let in, and who came in with a revoked one is told and disconnected."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {Keys.Create.class, Keys.ListThem.class, Keys.Revoke.class})
final class Keys implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }

    /// Which file.
    static final class In {

        @Spec(Spec.Target.MIXEE)
        @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
        private CommandSpec spec;

        @Option(
                names = "--keys",
                paramLabel = "FILE",
                required = true,
                defaultValue = "${env:FANFARE_KEYS}",
                description = "The file of keys. Default: $$FANFARE_KEYS.")
        @SuppressWarnings("NullAway.Init") // required
        private Path file;

        /// What a command does with the file.
        interface Work {
            void with(KeyFile file);
        }

        int run(Work work) {
            try {
                work.with(new KeyFile(file));
                return Main.OK;
            } catch (SettingException e) {
                Main.complain(spec, String.valueOf(e.getMessage()));
                return Main.FAILED;
            }
        }
    }

    @Command(
            name = "create",
            description = "Makes a key and prints it, once: it is nowhere else. The file is made if it is not there.",
            mixinStandardHelpOptions = true)
    static final class Create implements Callable<Integer> {

        @Mixin
        private final In in = new In();

        @Parameters(paramLabel = "NAME", description = "What it is called, in rules and logs.")
        private String name = "";

        @Option(
                names = "--role",
                paramLabel = "ROLE",
                defaultValue = Identity.ADMIN,
                description = "What whoever has it may do: admin may do everything, the others what the rules say."
                        + " Default: ${DEFAULT-VALUE}.")
        private String role = "";

        @Override
        public Integer call() {
            return in.run(file -> System.out.println(file.create(name, role, Instant.now())));
        }
    }

    @Command(
            name = "list",
            description = "Prints the keys: name, role and when each was made.",
            mixinStandardHelpOptions = true)
    static final class ListThem implements Callable<Integer> {

        @Mixin
        private final In in = new In();

        @Override
        public Integer call() {
            return in.run(file -> {
                List<Key> keys = file.read();
                int name = width(keys.stream().map(Key::name).toList(), "NAME");
                int role = width(keys.stream().map(Key::role).toList(), "ROLE");
                String line = "%-" + name + "s  %-" + role + "s  %s%n";
                System.out.printf(line, "NAME", "ROLE", "CREATED");
                keys.forEach(key -> System.out.printf(line, key.name(), key.role(), key.created()));
            });
        }

        private static int width(List<String> texts, String head) {
            return Math.max(
                    head.length(), texts.stream().mapToInt(String::length).max().orElse(0));
        }
    }

    @Command(
            name = "revoke",
            description = "Takes a key out: nobody comes in with it any more.",
            mixinStandardHelpOptions = true)
    static final class Revoke implements Callable<Integer> {

        @Mixin
        private final In in = new In();

        @Parameters(paramLabel = "NAME", description = "The key's name.")
        private String name = "";

        @Override
        public Integer call() {
            return in.run(file -> file.revoke(name));
        }
    }
}
